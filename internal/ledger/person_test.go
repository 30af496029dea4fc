package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

// TestSoundKeys protects what a signature says: under a point of small order a signature
// that nobody made holds for any text, by the library itself, and is refused here.
func TestSoundKeys(t *testing.T) {
	statement := []byte("I agree to whatever you like")
	made := 0
	for _, y := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			var s Signature
			point, err := hex.DecodeString(y)
			if err != nil {
				t.Fatal(err)
			}
			copy(s.Key[:], point)
			s.Key[31] |= sign
			if SoundKey(s.Key[:]) {
				t.Errorf("%x is taken for a key", s.Key)
			}
			for i := range 64 { // R is the neutral point and S is 0: it holds where k is a multiple of the order
				text := append(bytes.Clone(statement), byte(i))
				s.Sig = [64]byte{1}
				if ed25519.Verify(s.Key[:], text, s.Sig[:]) {
					made++
					if s.Verify(text) {
						t.Errorf("a signature that nobody made holds under %x", s.Key)
					}
				}
			}
		}
	}
	if made == 0 {
		t.Error("no signature was made up, so nothing was tried")
	}
	for first := 0xed; first <= 0xff; first++ {
		key := append(append([]byte{byte(first)}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f)
		if SoundKey(key) {
			t.Errorf("%x, a second spelling, is taken for a key", key)
		}
	}
	random := rand.NewChaCha8([32]byte{1})
	for range 200 {
		key, err := NewPersonKey(random)
		if err != nil || !SoundKey(key.private.Public().(ed25519.PublicKey)) {
			t.Fatal("an honest key is refused", err)
		}
	}
}
