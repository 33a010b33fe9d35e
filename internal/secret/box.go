package secret

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/stackhand/stackhand"
)

// Box seals and opens with the keys of a keyset. It never shows them, however it is printed. It
// is safe for use by many goroutines.
type Box struct{ keys *atomic.Pointer[keys] }

// keys are those of one keyset.
type keys struct {
	aead    tink.AEAD
	primary uint32 // id of the key that seals; Tink writes it before what it seals
}

// Open makes a Box of a keyset as NewKeyset gives it. A missing or garbled one is a
// *stackhand.Error of kind Invalid, which says what to do and shows nothing of it.
func Open(keyset string) (*Box, error) {
	k, err := read(keyset)
	if err != nil {
		return nil, err
	}
	b := &Box{&atomic.Pointer[keys]{}}
	b.keys.Store(k)
	return b, nil
}

func read(keyset string) (*keys, error) {
	handle, err := parse(keyset)
	if err != nil {
		return nil, err
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Invalid, "The keyset in %s is for another purpose than sealing.", Variable).
			Do("Make one with “stackhand keyset new”.")
	}
	return &keys{a, handle.KeysetInfo().GetPrimaryKeyId()}, nil
}

// Replace goes on with another keyset: one that was rotated since. What other goroutines are sealing or opening just now
// they do with the keyset before. A garbled one changes nothing.
func (b *Box) Replace(keyset string) error {
	k, err := read(keyset)
	if err == nil {
		b.keys.Store(k)
	}
	return err
}

// prefixSize is the length of what Tink writes before what it seals: a 1, and the key's id.
// Source: developers.google.com/tink/wire-format.
const prefixSize = 5

// Stale tells whether something was sealed with another key than Seal uses now.
func (b *Box) Stale(sealed []byte) bool {
	return len(sealed) < prefixSize || sealed[0] != 1 || binary.BigEndian.Uint32(sealed[1:prefixSize]) != b.keys.Load().primary
}

// Anew seals with the key of now what an earlier key sealed; changed is false where there is nothing to do.
func (b *Box) Anew(sealed []byte, user, cloud string) (out []byte, changed bool, err error) {
	if !b.Stale(sealed) {
		return sealed, false, nil
	}
	plain, err := b.Open(sealed, user, cloud)
	if err != nil {
		return nil, false, err
	}
	defer clear(plain)
	out, err = b.Seal(plain, user, cloud)
	return out, err == nil, err
}

// Seal encrypts plain so that only Open with the same user and cloud gives it back.
func (b *Box) Seal(plain []byte, user, cloud string) ([]byte, error) {
	sealed, err := b.keys.Load().aead.Encrypt(plain, bound(user, cloud))
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Internal, "A secret could not be sealed.").Because(err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for this user and cloud. What was made for others, was changed, or
// was sealed with a key that is not in the keyset is a *stackhand.Error of kind Unauthorized.
func (b *Box) Open(sealed []byte, user, cloud string) ([]byte, error) {
	plain, err := b.keys.Load().aead.Decrypt(sealed, bound(user, cloud))
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "The stored login cannot be opened with the present keyset.").
			Do("Log in again.").Because(err)
	}
	return plain, nil
}

// bound is the associated data: the lengths keep user and cloud apart.
func bound(user, cloud string) []byte {
	data := []byte("stackhand secret 1\x00")
	for _, s := range []string{user, cloud} {
		data = binary.BigEndian.AppendUint64(data, uint64(len(s)))
		data = append(data, s...)
	}
	return data
}

const boxed = "[keys]"

// String hides the keys.
func (Box) String() string { return boxed }

// GoString hides the keys.
func (Box) GoString() string { return boxed }

// Format hides the keys from every verb.
func (Box) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, boxed) }

// LogValue hides the keys.
func (Box) LogValue() slog.Value { return slog.StringValue(boxed) }
