package secret

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/stackhand/stackhand"
)

// Box seals and opens with the keys of a keyset. It never shows them, however it is printed. It
// is safe for use by many goroutines.
type Box struct{ aead tink.AEAD }

// Open makes a Box of a keyset as NewKeyset gives it. A missing or garbled one is a
// *stackhand.Error of kind Invalid, which says what to do and shows nothing of it.
func Open(keyset string) (*Box, error) {
	handle, err := parse(keyset)
	if err != nil {
		return nil, err
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Invalid, "The keyset in %s is for another purpose than sealing.", Variable).
			Do("Make one with “stackhand keyset new”.")
	}
	return &Box{a}, nil
}

// Seal encrypts plain so that only Open with the same user and cloud gives it back.
func (b *Box) Seal(plain []byte, user, cloud string) ([]byte, error) {
	sealed, err := b.aead.Encrypt(plain, bound(user, cloud))
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Internal, "A secret could not be sealed.").Because(err)
	}
	return sealed, nil
}

// Open decrypts what Seal made for this user and cloud. What was made for others, was changed, or
// was sealed with a key that is not in the keyset is a *stackhand.Error of kind Unauthorized.
func (b *Box) Open(sealed []byte, user, cloud string) ([]byte, error) {
	plain, err := b.aead.Decrypt(sealed, bound(user, cloud))
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
