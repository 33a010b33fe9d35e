// Package secret keeps secrets out of sight: Box seals what has to be written down, Redactor
// takes out of logs what should not have got there.
package secret

import (
	"bytes"
	"encoding/base64"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/stackhand/stackhand"
)

// Variable is the environment variable that holds the keyset.
const Variable = "STACKHAND_KEYSET"

// NewKeyset makes a keyset with one new key: Tink's JSON form in base64, on one line.
func NewKeyset() (string, error) {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return "", stackhand.Errorf(stackhand.Internal, "No key could be made.").Because(err)
	}
	return format(handle)
}

// Rotate adds a new key to a keyset and seals with it from now on. What the earlier keys sealed
// can still be opened.
func Rotate(text string) (string, error) {
	handle, err := parse(text)
	if err != nil {
		return "", err
	}
	fail := func(err error) (string, error) {
		return "", stackhand.Errorf(stackhand.Internal, "The keyset could not be given a new key.").Because(err)
	}
	m := keyset.NewManagerFromHandle(handle)
	id, err := m.Add(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return fail(err)
	}
	if err := m.SetPrimary(id); err != nil {
		return fail(err)
	}
	if handle, err = m.Handle(); err != nil {
		return fail(err)
	}
	return format(handle)
}

// OnlyFirst takes out of a keyset all keys but the one that seals. What the others sealed can then no longer be opened.
func OnlyFirst(text string) (string, error) {
	handle, err := parse(text)
	if err != nil {
		return "", err
	}
	info := handle.KeysetInfo()
	m := keyset.NewManagerFromHandle(handle)
	for _, key := range info.GetKeyInfo() {
		if key.GetKeyId() == info.GetPrimaryKeyId() {
			continue
		}
		if err := m.Delete(key.GetKeyId()); err != nil {
			return "", stackhand.Errorf(stackhand.Internal, "An earlier key could not be taken out.").Because(err)
		}
	}
	if handle, err = m.Handle(); err != nil {
		return "", stackhand.Errorf(stackhand.Internal, "The keyset could not be made anew.").Because(err)
	}
	return format(handle)
}

func format(handle *keyset.Handle) (string, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&b)); err != nil {
		return "", stackhand.Errorf(stackhand.Internal, "The keyset could not be written.").Because(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// parse never wraps an error of its libraries: they quote what they read, and that is the key.
func parse(text string) (*keyset.Handle, error) {
	text = strings.Join(strings.Fields(text), "") // wrapped lines of a file
	if text == "" {
		return nil, stackhand.Errorf(stackhand.Invalid, "There is no keyset: %s is empty.", Variable).
			Do("Make one with “stackhand keyset new” and put it into %s.", Variable)
	}
	garbled := func(why string) error {
		return stackhand.Errorf(stackhand.Invalid, "The keyset in %s cannot be read: %s.", Variable, why).
			Do("Put the whole line in that “stackhand keyset new” printed, without quotes.")
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, garbled("it is not base64, or a part of it is missing")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, garbled("it holds no Tink keyset")
	}
	return handle, nil
}
