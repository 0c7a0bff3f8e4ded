package evm

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/rlp"
	"github.com/holiman/uint256"
)

// txField is one field of a transaction in consensus bytes: how it is written and read.
type txField struct {
	put func(*Transaction, rlp.EncoderBuffer)
	get func(t *Transaction, b []byte) (rest []byte, err error)
}

func rlpNumber(at func(*Transaction) *uint64) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) { w.WriteUint64(*at(t)) },
		func(t *Transaction, b []byte) (rest []byte, err error) {
			*at(t), rest, err = rlp.SplitUint64(b)
			return rest, err
		},
	}
}

func rlpWide(at func(*Transaction) *uint256.Int) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) { w.WriteUint256(at(t)) },
		func(t *Transaction, b []byte) (rest []byte, err error) { return splitWide(b, at(t)) },
	}
}

func rlpFlag(at func(*Transaction) *bool) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) { w.WriteBool(*at(t)) },
		func(t *Transaction, b []byte) ([]byte, error) {
			n, rest, err := rlp.SplitUint64(b)
			if err == nil && n > 1 {
				err = fmt.Errorf("%d where 0 or 1 stands", n)
			}
			*at(t) = n == 1
			return rest, err
		},
	}
}

// rlpFixed is a field of exactly that many bytes: a hash or an address.
func rlpFixed(at func(*Transaction) []byte) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) { w.WriteBytes(at(t)) },
		func(t *Transaction, b []byte) ([]byte, error) { return splitFixed(b, at(t)) },
	}
}

func rlpBytes(at func(*Transaction) *[]byte) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) { w.WriteBytes(*at(t)) },
		func(t *Transaction, b []byte) ([]byte, error) {
			content, rest, err := rlp.SplitString(b)
			if *at(t) = content; len(content) == 0 {
				*at(t) = nil
			}
			return rest, err
		},
	}
}

// rlpTarget is an address, or nothing where a contract is created.
func rlpTarget(at func(*Transaction) **common.Address) txField {
	return txField{
		func(t *Transaction, w rlp.EncoderBuffer) {
			if a := *at(t); a != nil {
				w.WriteBytes(a[:])
				return
			}
			w.WriteBytes(nil)
		},
		func(t *Transaction, b []byte) ([]byte, error) {
			content, rest, err := rlp.SplitString(b)
			if err != nil || len(content) == 0 {
				*at(t) = nil
				return rest, err
			}
			a := new(common.Address)
			*at(t) = a
			return splitFixed(b, a[:])
		},
	}
}

// splitWide reads a number of up to 256 bits without zeros in front.
func splitWide(b []byte, into *uint256.Int) ([]byte, error) {
	content, rest, err := rlp.SplitString(b)
	if err == nil && (len(content) > 32 || len(content) > 0 && content[0] == 0) {
		err = fmt.Errorf("a number of %d bytes, or with zeros in front", len(content))
	}
	if err != nil {
		return nil, err
	}
	into.SetBytes(content)
	return rest, nil
}

func splitFixed(b, into []byte) ([]byte, error) {
	content, rest, err := rlp.SplitString(b)
	if err == nil && len(content) != len(into) {
		err = fmt.Errorf("%d bytes where %d stand", len(content), len(into))
	}
	if err != nil {
		return nil, err
	}
	copy(into, content)
	return rest, nil
}

// splitEach hands every value of a list to do, which returns the rest behind it.
func splitEach(b []byte, do func([]byte) ([]byte, error)) ([]byte, error) {
	content, rest, err := rlp.SplitList(b)
	for err == nil && len(content) > 0 {
		content, err = do(content)
	}
	return rest, err
}

func putAccess(t *Transaction, w rlp.EncoderBuffer) {
	list := w.List()
	for i := range t.Access {
		tuple := w.List()
		w.WriteBytes(t.Access[i].Address[:])
		keys := w.List()
		for j := range t.Access[i].Keys {
			w.WriteBytes(t.Access[i].Keys[j][:])
		}
		w.ListEnd(keys)
		w.ListEnd(tuple)
	}
	w.ListEnd(list)
}

func getAccess(t *Transaction, b []byte) ([]byte, error) {
	return splitEach(b, func(b []byte) ([]byte, error) {
		var a AccessTuple
		tuple, rest, err := rlp.SplitList(b)
		if err != nil {
			return nil, err
		}
		if tuple, err = splitFixed(tuple, a.Address[:]); err != nil {
			return nil, err
		}
		tuple, err = splitEach(tuple, func(b []byte) ([]byte, error) {
			var key common.Hash
			defer func() { a.Keys = append(a.Keys, key) }()
			return splitFixed(b, key[:])
		})
		t.Access = append(t.Access, a)
		return rest, allRead(tuple, err)
	})
}

func putBlobs(t *Transaction, w rlp.EncoderBuffer) {
	list := w.List()
	for i := range t.Blobs {
		w.WriteBytes(t.Blobs[i][:])
	}
	w.ListEnd(list)
}

func getBlobs(t *Transaction, b []byte) ([]byte, error) {
	return splitEach(b, func(b []byte) ([]byte, error) {
		var blob common.Hash
		rest, err := splitFixed(b, blob[:])
		t.Blobs = append(t.Blobs, blob)
		return rest, err
	})
}

func putAuths(t *Transaction, w rlp.EncoderBuffer) {
	list := w.List()
	for i := range t.Auths {
		a := &t.Auths[i]
		one := w.List()
		w.WriteUint256(&a.ChainID)
		w.WriteBytes(a.Address[:])
		w.WriteUint64(a.Nonce)
		w.WriteUint256(&a.V)
		w.WriteUint256(&a.R)
		w.WriteUint256(&a.S)
		w.ListEnd(one)
	}
	w.ListEnd(list)
}

func getAuths(t *Transaction, b []byte) ([]byte, error) {
	return splitEach(b, func(b []byte) ([]byte, error) {
		var a Authorization
		one, rest, err := rlp.SplitList(b)
		if err != nil {
			return nil, err
		}
		if one, err = splitWide(one, &a.ChainID); err != nil {
			return nil, err
		}
		if one, err = splitFixed(one, a.Address[:]); err != nil {
			return nil, err
		}
		if a.Nonce, one, err = rlp.SplitUint64(one); err != nil {
			return nil, err
		}
		for _, into := range []*uint256.Int{&a.V, &a.R, &a.S} {
			if one, err = splitWide(one, into); err != nil {
				return nil, err
			}
		}
		t.Auths = append(t.Auths, a)
		return rest, allRead(one, nil)
	})
}

// allRead refuses what is left over.
func allRead(rest []byte, err error) error {
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes too many", len(rest))
	}
	return err
}
