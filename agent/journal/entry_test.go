package journal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"resolute/agent/casefile"
)

func testRecord(t testing.TB, h *head) record {
	t.Helper()
	e := casefile.Entry{
		At: time.Unix(1, 5), Actor: "agent",
		Data:     &casefile.ReplyWritten{Reply: casefile.Reply{To: "a@example.com", Text: "ACC-0001"}},
		Evidence: []string{"entry:3"},
		Versions: casefile.Versions{Bundle: "v1"},
	}
	id := uuid.MustParse("018f0000-0000-7000-8000-000000000001")
	r, err := newRecord(id, &e, Salt{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	h.hash = r.link(id, h.last+7, h)
	h.last, h.seq = h.last+7, h.seq+1
	return r
}

func TestEntryRoundTrip(t *testing.T) {
	h := &head{}
	first, second := testRecord(t, h), testRecord(t, h)
	if err := second.check(); err != nil || !second.payloadMatches() {
		t.Fatalf("a record just made is reported as damaged: %v, payload matches: %v", err, second.payloadMatches())
	}
	got, err := second.entry(second.hash())
	if err != nil {
		t.Fatal(err)
	}
	want := casefile.Entry{
		Offset: 14, Seq: 2, Case: "018f0000-0000-7000-8000-000000000001", At: time.Unix(1, 5).UTC(), Actor: "agent",
		Data:     &casefile.ReplyWritten{Reply: casefile.Reply{To: "a@example.com", Text: "ACC-0001"}},
		Evidence: []string{"entry:3"}, Versions: casefile.Versions{Bundle: "v1"},
		Hash: second.hash(), Prev: first.hash(),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the entry read differs from the one written (-want +got):\n%s", diff)
	}
	if second.before() != 7 {
		t.Errorf("the record names entry %d as the one before it, want 7", second.before())
	}
}

// The encoding is final: data folders in the field are made of it.
func TestEntryEncodingIsFinal(t *testing.T) {
	r := testRecord(t, &head{})
	if got, want := hex.EncodeToString(r[4:36]), "0001008800000000000000070000000000000000000000000000000100000000"; got != want {
		t.Errorf("the record begins %s behind its checksum, want %s", got, want)
	}
	if got, want := r.hash().String(), "d2661b6ec98d1d584360a130f622a3c59b5bc521b2d4ccfb3e545daa514c7fd0"; got != want {
		t.Errorf("the entry's hash is %s, want %s", got, want)
	}
}

func TestErasedEntryKeepsTheChain(t *testing.T) {
	h := &head{}
	r := testRecord(t, h)
	erased := append(record{}, r[:r.end()]...)
	erased[atFlags] |= flagErased
	binary.BigEndian.PutUint32(erased, checksum(erased[atFlags:]))
	if err := erased.check(); err != nil {
		t.Fatalf("an erased record is reported as damaged: %v", err)
	}
	if erased.hash() != r.hash() {
		t.Errorf("erasing the payload changed the entry's hash")
	}
	e, err := erased.entry(erased.hash())
	if err != nil || e.Data != nil || e.Actor != "agent" {
		t.Errorf("an erased entry decodes as %+v, %v, want it without data", e, err)
	}
}

func TestEveryFlipInARecordIsFound(t *testing.T) {
	r := testRecord(t, &head{})
	for bit := range len(r) * 8 {
		flipped := bytes.Clone(r)
		flipped[bit/8] ^= 1 << (bit % 8)
		if record(flipped).check() == nil {
			t.Errorf("bit %d of a record was flipped and check says nothing", bit)
		}
	}
	for n := range len(r) {
		if r[:n].check() == nil {
			t.Errorf("a record cut to %d bytes passes check", n)
		}
	}
}

// FuzzRecord feeds garbage with a good checksum, so that the lengths have to hold.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(testRecord(f, &head{})))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			binary.BigEndian.PutUint32(b, checksum(b[4:]))
		}
		r := record(b)
		if r.check() == nil {
			_ = r.payloadMatches()
			_, _ = r.entry(r.hash())
		}
		key := []byte("key")
		if len(b) >= 4 {
			b = seal(key, b)
		}
		_, _ = decodeHead(key, b)
		_, _, _ = decodeSnapshot(key, b)
		_, _ = decodeSummary(key, b)
		_, _ = decodeDelivery(key, b)
		_, _, _ = decodeSeen(b)
		_, _, _ = searchRun(b, identity{})
	})
}

func TestHeadRoundTrip(t *testing.T) {
	want := &head{last: 9, seq: 3, hash: casefile.Hash{1}, status: codeWaiting, opened: 5, ended: noTime, due: 77, class: 1 << 40, wait: "x.y"}
	key := []byte("0123456789abcdef")
	got, err := decodeHead(key, seal(key, want.encode()))
	if err != nil || *got != *want {
		t.Errorf("a head reads as %+v, %v, want %+v", got, err, want)
	}
	if _, err := decodeHead([]byte("0123456789abcdeg"), seal(key, want.encode())); err == nil {
		t.Errorf("a head under another key than its own passes")
	}
}
