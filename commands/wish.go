package commands

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

var numbers = map[string]string{
	"a": "1", "an": "1", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
	"nine": "9", "ten": "10", "dozen": "12", "twelve": "12", "twenty": "20",
}

// sizes are the words for a flavor's size and how flavors abbreviate them.
var sizes = map[string][]string{
	"nano": {"nano"}, "micro": {"micro"}, "tiny": {"tiny", "xs"}, "small": {"small", "s"}, "medium": {"medium", "m"}, "large": {"large", "l"},
	"xlarge": {"xlarge", "xl"}, "huge": {"xxlarge", "xxl", "2xlarge"},
}

var (
	memory   = regexp.MustCompile(`^(\d{1,4})(g|gb|gib)$`)
	sizeEdge = regexp.MustCompile(`[.\s_-]+`)
	nameEasy = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// wishing is the state of reading "3 small ubuntu servers named web for 2 days".
type wishing struct {
	args    createArgs
	size    string
	unknown []string
	easy    map[string]bool // unknown words that may well be the name
	words   []string
	options []string
	before  string // the word before the next one
}

// wish reads what a sentence wants to have created, and writes it as the grammar has it; nil
// if part of it makes no sense. Words for flavors and images are looked up in the cloud.
func wish(ctx context.Context, env *Env, user stackhand.User, words, options []string) ([]string, error) {
	w := wishing{words: words, options: options, easy: map[string]bool{}}
	for len(w.words) > 0 {
		word := bare(w.words[0])
		if !w.next() {
			return nil, nil
		}
		w.before = word
	}
	if w.size != "" || len(w.unknown) > 0 {
		if ok, err := w.lookUp(ctx, env, user); err != nil || !ok {
			return nil, err
		}
	}
	if w.args.Name == "" && len(words) == 0 {
		return nil, nil
	} else if w.args.Name == "" {
		return nil, find("create").misuse("create needs a name. Say for example %q.", "create NAME"+strings.TrimPrefix(w.line(w.args), "create"))
	}
	line, err := shellSplit(format("create", w.args))
	return line, err
}

// next takes one thing off the words.
func (w *wishing) next() bool {
	b := bare(w.words[0])
	_, isNoun := nouns[b]
	switch {
	case b == "named", b == "called", b == "name":
		return w.value(&w.args.Name)
	case b == "image":
		return w.value(&w.args.Image)
	case b == "flavor", b == "flavour":
		return w.value(&w.args.Flavor)
	case b == "network", b == "net":
		return w.value(&w.args.Network)
	case b == "key", b == "keypair":
		return w.value(&w.args.KeyName)
	case isNoun && nouns[b] == "":
	case (b == "ram" || b == "memory") && strings.HasPrefix(w.args.Flavor, "ram="):
	case sizes[b] != nil:
		if w.size != "" {
			return false
		}
		w.size = b
	case durationShape.MatchString(b):
		d, err := parseDuration(b)
		if err != nil || w.args.For != 0 {
			return false
		}
		w.args.For = d
	case fillers[b] && b != "a" && b != "an":
	default:
		return w.amount(b)
	}
	w.words = w.words[1:]
	return true
}

func (w *wishing) value(to *string) bool {
	if len(w.words) < 2 || *to != "" {
		return false
	}
	*to = w.words[1]
	w.words = w.words[2:]
	return true
}

// amount reads numbers of servers and sizes of memory; anything else is looked up later.
func (w *wishing) amount(b string) bool {
	word := w.words[0]
	w.words = w.words[1:]
	if m := memory.FindStringSubmatch(b); m != nil {
		return w.memory(m[1])
	}
	if n, ok := numbers[b]; ok {
		b = n
	}
	n, err := strconv.Atoi(b)
	// The number in "debian 12" is no number of servers.
	if err != nil || slices.ContainsFunc(w.unknown, func(u string) bool { return strings.EqualFold(u, w.before) }) {
		_, afterNoun := nouns[w.before]
		w.easy[word] = afterNoun || strings.ContainsAny(word, "0123456789-_")
		w.unknown = append(w.unknown, word)
		return true
	}
	if len(w.words) > 0 && memory.MatchString("1"+bare(w.words[0])) {
		w.words = w.words[1:]
		return w.memory(strconv.Itoa(n))
	}
	if w.args.Count != 0 {
		// "a server with 2 cores" is more than is understood here.
		return false
	}
	w.args.Count = n
	return true
}

func (w *wishing) memory(gib string) bool {
	n, err := strconv.Atoi(gib)
	if err != nil || w.args.Flavor != "" {
		return false
	}
	w.args.Flavor = "ram=" + strconv.Itoa(n*1024)
	return true
}

// lookUp finds the flavor and the image that words stand for, and takes the one word that is
// left as the name.
func (w *wishing) lookUp(ctx context.Context, env *Env, user stackhand.User) (bool, error) {
	s, err := open(ctx, env, user, w.args.Cloud)
	if err != nil {
		return false, err
	}
	read := *w
	err = s.again(func() error {
		*w = read
		lists, err := s.catalogue(ctx)
		if err != nil {
			return err
		}
		images := w.imageWords(lists.images)
		w.flavorWord(lists.flavors)
		if !w.nameWord() || w.size != "" && w.args.Flavor != "" || images != "" && w.args.Image != "" {
			return errNoWish
		}
		return w.settle(images, lists, s.settings)
	})
	if err == errNoWish {
		return false, nil
	}
	return true, err
}

var errNoWish = stackhand.Errorf(stackhand.NotFound, "Some words fit nothing that there is.")

// settle turns the words for flavor and image into names. What fits several is asked, with
// lines that hold everything else that was said.
func (w *wishing) settle(images string, lists catalogue, std CloudSettings) error {
	var img stackhand.Image
	var imgErr error
	if images != "" {
		img, imgErr = worded(images, lists.images, std.Image)
		w.args.Image = images
		if imgErr == nil {
			w.args.Image = img.Name
		}
	}
	if w.size != "" {
		f, err := sized(w.size, lists.flavors, std.Flavor)
		if err != nil {
			return ask(err, func(id string) string { a := w.args; a.Flavor = id; return w.line(a) })
		}
		w.args.Flavor = f.Name
	}
	return ask(imgErr, func(id string) string { a := w.args; a.Image = id; return w.line(a) })
}

// line is what is wished with everything that was said, options included.
func (w *wishing) line(a createArgs) string {
	out := format("create", a)
	for _, o := range w.options {
		out += " " + quote(o)
	}
	return out
}

// imageWords takes the longest run of unknown words that occurs in an image's name.
func (w *wishing) imageWords(images []stackhand.Image) string {
	for n := len(w.unknown); n > 0; n-- {
		for i := 0; i+n <= len(w.unknown); i++ {
			run := strings.ToLower(strings.Join(w.unknown[i:i+n], " "))
			for _, img := range images {
				if len(run) > 2 && wordIn(run, strings.ToLower(img.Name)) {
					w.unknown = append(w.unknown[:i:i], w.unknown[i+n:]...)
					return run
				}
			}
		}
	}
	return ""
}

// wordIn tells whether run occurs in name and begins where a word of it begins.
func wordIn(run, name string) bool {
	i := strings.Index(name, run)
	return i == 0 || i > 0 && strings.ContainsRune(" .-_", rune(name[i-1]))
}

func (w *wishing) flavorWord(flavors []stackhand.Flavor) {
	for i, u := range w.unknown {
		for _, f := range flavors {
			if w.args.Flavor == "" && strings.EqualFold(u, f.Name) {
				w.args.Flavor = f.Name
				w.unknown = append(w.unknown[:i:i], w.unknown[i+1:]...)
				return
			}
		}
	}
}

func (w *wishing) nameWord() bool {
	switch {
	case len(w.unknown) == 0:
		return true
	case len(w.unknown) > 1, w.args.Name != "", !nameEasy.MatchString(w.unknown[0]), !w.easy[w.unknown[0]]:
		return false
	}
	w.args.Name = w.unknown[0]
	return true
}

// sized finds the flavor for a size word: in the default flavor's family, else in all.
func sized(word string, flavors []stackhand.Flavor, std string) (stackhand.Flavor, error) {
	family := ""
	if at := strings.LastIndexAny(std, ". _-"); at > 0 {
		family = std[:at+1]
	}
	var all, kin []stackhand.Flavor
	for _, f := range flavors {
		parts := sizeEdge.Split(strings.ToLower(f.Name), -1)
		for _, s := range sizes[word] {
			if parts[len(parts)-1] == s {
				all = append(all, f)
				if family != "" && strings.HasPrefix(f.Name, family) {
					kin = append(kin, f)
				}
			}
		}
	}
	if len(kin) > 0 {
		all = kin
	}
	return only("flavor", word, all, flavorThing, flavors)
}

// worded finds the image that words stand for; the default one goes before others.
func worded(words string, images []stackhand.Image, std string) (stackhand.Image, error) {
	var fit []stackhand.Image
	for _, img := range images {
		if !wordIn(words, strings.ToLower(img.Name)) {
			continue
		}
		fit = append(fit, img)
	}
	var def []stackhand.Image
	for _, img := range fit {
		if std != "" && (img.Name == std || img.ID == std) {
			def = append(def, img)
		}
	}
	if len(def) > 0 {
		fit = def
	}
	return only("image", words, fit, func(i stackhand.Image) thing { return imageThing(i, time.Now) }, images)
}
