package commands

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackhand/stackhand"
)

// plan is a create whose every name is resolved: nothing is left to guess.
type plan struct {
	session *session
	spec    stackhand.CreateSpec
	seen    seen
	flavor  stackhand.Flavor
	network string // in words
	fresh   bool   // a network, its subnet and its router have to be made
	notes   []string
}

// seen is what the cloud and the records hold, as far as a create looks at it.
type seen struct {
	catalogue
	keys     []stackhand.KeyPair
	networks []stackhand.Network
	groups   []stackhand.SecurityGroup
	ports    []stackhand.Port
	zones    []string
	limits   stackhand.Limits
	features stackhand.Features
	stacks   []stackhand.Stack
}

// look reads all that a create needs, side by side.
func (s *session) look(ctx context.Context, a createArgs) (seen, error) {
	var v seen
	crew, ctx := errgroup.WithContext(ctx)
	g := stackhand.Guarding(crew)
	g.Go(func() (err error) { v.catalogue, err = s.catalogue(ctx); return err })
	g.Go(func() (err error) { v.keys, err = s.KeyPairs(ctx); return err })
	g.Go(func() (err error) { v.networks, err = s.Networks(ctx); return err })
	g.Go(func() (err error) { v.groups, err = s.SecurityGroups(ctx); return err })
	g.Go(func() (err error) { v.limits, err = s.Limits(ctx); return err })
	g.Go(func() (err error) { v.features, err = s.Features(ctx); return err })
	g.Go(func() (err error) { v.stacks, err = s.stacksHere(ctx); return err })
	if a.Network == "auto" {
		g.Go(func() (err error) { v.ports, err = s.Ports(ctx, stackhand.PortFilter{}); return err })
	}
	if a.Zone != "" {
		g.Go(func() (err error) { v.zones, err = s.Zones(ctx); return err })
	}
	return v, g.Wait()
}

// plan resolves every name of a create.
func (s *session) plan(ctx context.Context, a createArgs) (*plan, error) {
	v, err := s.look(ctx, a)
	if err != nil {
		return nil, err
	}
	lasts := a.For
	if lasts == 0 {
		lasts = s.env.Settings.LeaseDefault
	}
	p := &plan{session: s, seen: v, spec: stackhand.CreateSpec{
		Name: a.Name, Count: a.Count, Cloud: s.name, ProjectID: s.who.ProjectID, Project: s.who.Project, Owner: s.user.ID,
		For: lasts, Metadata: a.Property, ConfigDrv: a.ConfigDrive, FixedIP: a.FixedIP, Classic: !v.features.Network,
	}}
	for _, resolve := range []func(context.Context, createArgs) error{p.name, p.image, p.boot, p.size, p.net, p.outside, p.reach, p.key, p.place} {
		if err := resolve(ctx, a); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// name refuses names that the same owner has in use in the project.
func (p *plan) name(_ context.Context, a createArgs) error {
	for i := range a.Count {
		name := serverName(a.Name, a.Count, i)
		for _, st := range p.seen.stacks {
			if st.Name == name && st.Lease.Owner == p.session.user.ID && st.State != stackhand.StackGone {
				return stackhand.Errorf(stackhand.Conflict, "You have a server called %s in %s already (%s).", name, p.spec.Project, st.State).
					Do("Choose another name, or delete it with `delete %s`.", name)
			}
		}
	}
	if most := p.seen.limits.MaxMetadata; most > 0 && len(a.Property)+ownMetadata > most {
		return stackhand.Errorf(stackhand.Invalid, "The cloud takes %d properties of a server, of which the bot needs %d, and you give %d.", most, ownMetadata, len(a.Property)).
			Do("Leave some --property out.")
	}
	return nil
}

// ownMetadata is how many properties mark a server as ours.
const ownMetadata = 3

func (p *plan) image(_ context.Context, a createArgs) error {
	word := a.Image
	if word == "" {
		word = p.session.settings.Image
	}
	of := func(i stackhand.Image) thing { return imageThing(i, p.session.env.Now) }
	var img stackhand.Image
	var err error
	if word == "" {
		img, err = only("image", "", p.seen.images, of, p.seen.images)
		if stackhand.KindOf(err) == stackhand.NotFound {
			return stackhand.Errorf(stackhand.NotFound, "The project %s has no image to create a server from.", p.spec.Project).Do("Ask your cloud's administrator for one.")
		}
	} else {
		img, err = pick("image", word, p.seen.images, of, true)
	}
	if err != nil {
		return ask(err, func(id string) string { a.Image = id; return format("create", a) })
	}
	p.spec.ImageID, p.spec.Image, p.spec.Login = img.ID, img.Name, loginOf(img)
	return nil
}

// boot settles the volume that the server boots from, if it is to have one.
func (p *plan) boot(ctx context.Context, a createArgs) error {
	img := p.chosen()
	root, mapped := img.Root()
	if a.BootFromVolume == 0 && !mapped {
		return nil
	}
	if !p.seen.features.Volumes {
		return stackhand.Errorf(stackhand.NotFound, "This cloud has no block storage (Cinder), so a server cannot boot from a volume.").
			Do("Leave --boot-from-volume out, and choose a flavor whose disk is large enough (`flavor list`).")
	}
	if mapped {
		return p.bootAgain(ctx, a, img, root)
	}
	if least := max(img.MinDisk, int((img.Size+1<<30-1)>>30)); a.BootFromVolume < least {
		return stackhand.Errorf(stackhand.Invalid, "A volume of %d GiB is too small for %s, which needs %d GiB.", a.BootFromVolume, img.Name, least).
			Do("Say --boot-from-volume %d.", least)
	}
	p.spec.BootGB = a.BootFromVolume
	return nil
}

// bootAgain settles the volume of a server that is made from the image of one on volumes: it is made from the snapshot that stands in the
// image's place. Nova would do so as well, but its volume would be nobody's once the server is gone.
func (p *plan) bootAgain(ctx context.Context, a createArgs, img stackhand.Image, root stackhand.ImageDisk) error {
	all, err := p.session.VolumeSnapshots(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(s stackhand.VolumeSnapshot) bool { return s.ID == root.Snapshot })
	if i < 0 {
		return stackhand.Errorf(stackhand.NotFound, "The image %s holds no data: it stands for a snapshot of a volume that is not in %s any more.", img.Name, p.spec.Project).
			Do("Choose another image (`image list`), and delete this one.")
	}
	least := max(root.Size, all[i].Size)
	if a.BootFromVolume > 0 && a.BootFromVolume < least {
		return stackhand.Errorf(stackhand.Invalid, "A volume of %d GiB is too small for %s, which needs %d GiB.", a.BootFromVolume, img.Name, least).
			Do("Leave --boot-from-volume out, or say --boot-from-volume %d.", least)
	}
	p.spec.BootGB, p.spec.BootSnapshot = max(a.BootFromVolume, least), root.Snapshot
	return nil
}

// chosen is the image that was found.
func (p *plan) chosen() stackhand.Image {
	return p.seen.images[slices.IndexFunc(p.seen.images, func(i stackhand.Image) bool { return i.ID == p.spec.ImageID })]
}

// size finds the flavor: the one asked for, the default, or the smallest that the image fits.
func (p *plan) size(_ context.Context, a createArgs) error {
	img := p.chosen()
	if p.spec.BootGB > 0 {
		img.MinDisk = 0 // the volume holds it
	}
	word := a.Flavor
	if word == "" {
		word = p.session.settings.Flavor
	}
	var err error
	if ram, ok := ramOf(word); ok || word == "" {
		p.flavor, err = smallest(p.seen.flavors, ram, img)
	} else {
		p.flavor, err = pick("flavor", word, p.seen.flavors, flavorThing, false)
	}
	if err != nil {
		return ask(err, func(id string) string { a.Flavor = id; return format("create", a) })
	}
	if !fits(img, p.flavor) {
		err := stackhand.Errorf(stackhand.Invalid, "%s has %d GiB of disk and %s of RAM, too small for %s, which needs %s.",
			p.flavor.Name, p.flavor.Disk, mebi(p.flavor.RAM), img.Name, needsOf(img))
		if f, serr := smallest(p.seen.flavors, "", img); serr == nil {
			return err.Do("The smallest that fits is %s: say --flavor %s.", f.Name, quote(f.Name))
		}
		return err.Do("No flavor of this cloud fits; choose another image.")
	}
	p.spec.FlavorID, p.spec.Flavor = p.flavor.ID, p.flavor.Name
	return nil
}

// ramOf reads "ram=2048".
func ramOf(word string) (ram string, ok bool) {
	return strings.CutPrefix(strings.ToLower(word), "ram=")
}

// fits tells whether an image can start with a flavor. A flavor with disk 0 takes any.
func fits(img stackhand.Image, f stackhand.Flavor) bool {
	return (f.Disk == 0 || f.Disk >= img.MinDisk) && f.RAM >= img.MinRAM
}

// needsOf says what an image needs at least.
func needsOf(img stackhand.Image) string {
	var out []string
	if img.MinDisk > 0 {
		out = append(out, fmt.Sprintf("%d GiB disk", img.MinDisk))
	}
	if img.MinRAM > 0 {
		out = append(out, mebi(img.MinRAM)+" RAM")
	}
	return first(strings.Join(out, ", "), "any size")
}

// smallest is the first flavor in order of size with at least ram MiB that the image fits.
func smallest(flavors []stackhand.Flavor, ram string, img stackhand.Image) (stackhand.Flavor, error) {
	least := 0
	if ram != "" {
		n, err := strconv.Atoi(ram)
		if err != nil || n < 1 {
			return stackhand.Flavor{}, find("create").misuse("--flavor ram=%s is not a number of MiB.", clip(ram, 20))
		}
		least = n
	}
	for _, f := range flavors {
		if f.RAM >= least && fits(img, f) {
			return f, nil
		}
	}
	return stackhand.Flavor{}, stackhand.Errorf(stackhand.NotFound, "No flavor has %s of RAM and what %s needs (%s).", mebi(least), img.Name, needsOf(img)).
		Do("See `flavor list`.")
}

// loginOf is the user that an image is usually entered as.
func loginOf(img stackhand.Image) string {
	if u := img.Properties["os_admin_user"]; u != "" {
		return u
	}
	name := strings.ToLower(img.Properties["os_distro"] + " " + img.Name)
	for _, d := range []string{"ubuntu", "debian", "centos", "fedora", "cirros", "rocky", "almalinux", "opensuse", "arch", "freebsd"} {
		if strings.Contains(name, d) {
			return d
		}
	}
	if strings.Contains(name, "rhel") || strings.Contains(name, "red hat") {
		return "cloud-user"
	}
	return ""
}

func (p *plan) key(_ context.Context, a createArgs) error {
	of := func(k stackhand.KeyPair) thing { return thing{k.Name, k.Name, k.Fingerprint} }
	var key stackhand.KeyPair
	var err error
	switch {
	case strings.EqualFold(a.KeyName, "none"):
		return nil
	case a.KeyName != "":
		key, err = pick("key pair", a.KeyName, p.seen.keys, of, false)
	case len(p.seen.keys) == 0:
		p.notes = append(p.notes, `There is no key pair yet, so nobody can log in with one: add yours with keypair create NAME --public-key "ssh-ed25519 …" and create the server again.`)
		return nil
	default:
		key, err = only("key pair", "", p.seen.keys, of, p.seen.keys)
	}
	p.spec.KeyName = key.Name
	return ask(err, func(id string) string { a.KeyName = id; return format("create", a) })
}

func (p *plan) place(_ context.Context, a createArgs) error {
	if a.Zone == "" {
		return nil
	}
	if !slices.Contains(p.seen.zones, a.Zone) {
		return stackhand.Errorf(stackhand.NotFound, "There is no availability zone called %s.", quote(clip(a.Zone, 60))).
			Do("There are: %s.", strings.Join(p.seen.zones, ", "))
	}
	p.spec.Zone = a.Zone
	return nil
}

func (p *plan) names() string {
	if p.spec.Count == 1 {
		return p.spec.Name
	}
	return fmt.Sprintf("%s-1 … %s-%d", p.spec.Name, p.spec.Name, p.spec.Count)
}
