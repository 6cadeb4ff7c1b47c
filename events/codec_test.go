package events

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// encodeTest returns a canonical record.
func encodeTest(t testing.TB, event Event) *Record {
	t.Helper()
	typ, _ := LookupType(event.EventType())
	r, err := Encode(testEnvelope(typ.Kind), event)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var delivered = &ServiceDelivered{Category: "legal", Minutes: 30, Language: "es"}

// TestDecodeRefuses changes one thing in a good record: strict and fast decoding
// must both refuse it, and say where and why.
func TestDecodeRefuses(t *testing.T) {
	good := string(encodeTest(t, delivered).Raw)
	tests := map[string]struct{ old, new, want string }{
		"unknown member":           {`"minutes"`, `"minutesy"`, `decode record #41 of case/X-7QK2M4: data of service.delivered.v1: unknown member "minutesy"`},
		"member twice":             {`"minutes":30`, `"minutes":30,"minutes":31`, `duplicate member "/data/minutes"`},
		"member twice by escape":   {`"minutes":30`, `"minutes":30,"\u006dinutes":31`, `duplicate member "/data/minutes"`},
		"member in another case":   {`"minutes"`, `"Minutes"`, `unknown member "Minutes"`},
		"string for a number":      {`"minutes":30`, `"minutes":"30"`, `member "minutes": found a string instead of a whole number`},
		"list for a string":        {`"legal"`, `["legal"]`, `member "category": found a list instead of a string`},
		"exponent":                 {`"minutes":30`, `"minutes":3e1`, `member "minutes": 3e1 is not a whole number in plain digits`},
		"leading zero":             {`"minutes":30`, `"minutes":030`, `attribute "data": not valid JSON at byte`},
		"number too large":         {`"minutes":30`, `"minutes":99999999999999999999`, `member "minutes": 99999999999999999999 is out of range`},
		"clear text":               {`"minutes":30`, `"note":"Maria"`, `member "note": text that is not sealed`},
		"invalid UTF-8 in data":    {`legal`, "le\xffgal", `member "/data/category": not valid JSON at byte 554: invalid UTF-8`},
		"lone surrogate":           {`legal`, `\ud800`, `member "/data/category": not valid JSON`},
		"data is null":             {`{"category":"legal","minutes":30,"language":"es"}`, `null`, `data of service.delivered.v1: not a JSON object`},
		"data is missing":          {`,"data":{"category":"legal","minutes":30,"language":"es"}`, ``, `data of service.delivered.v1: not a JSON object`},
		"data is cut":              {`}}`, `}`, `not valid JSON at byte`},
		"something behind data":    {`}}`, `},"x":{}}`, `unknown attribute "x"`},
		"something behind it all":  {`}}`, `}}{}}`, `not valid JSON at byte`},
		"unknown attribute":        {`"role"`, `"roley"`, `unknown attribute "roley"`},
		"attribute twice":          {`"role"`, `"actor"`, `duplicate attribute "actor"`},
		"specversion":              {`"1.0"`, `"1.1"`, `specversion "1.1" with datacontenttype "application/json" is not supported`},
		"datacontenttype":          {`application/json`, `text/json`, `is not supported`},
		"id not a ULID":            {`01ARZ`, `0IARZ`, `id "0IARZ3NDEKTSV4RRFFQ69G5FAV" is not a ULID`},
		"id in lower case":         {`01ARZ`, `01arz`, `is not a ULID`},
		"id overflows":             {`01ARZ`, `81ARZ`, `is not a ULID`},
		"unknown type":             {`delivered.v1`, `delivered.v9`, `unknown event type "service.delivered.v9"`},
		"type of another kind":     {`service.delivered.v1`, `letter.issued.v1`, `event type "letter.issued.v1" does not belong to a subject of kind "case"`},
		"unknown kind":             {`case/`, `casey/`, `attribute "subject": "casey/X-7QK2M4" is not a subject: unknown kind "casey"`},
		"id with lower case":       {`case/X`, `case/x`, `may hold only A-Z, 0-9 and hyphens`},
		"no kind":                  {`case/X`, `caseX`, `is not a subject of the form kind/ID`},
		"time of day":              {`T14:03`, `T24:03`, `attribute "time": "2009-01-07T24:03:11.250Z" is not a time`},
		"time without zone":        {`.250Z`, `.250`, `is not a time`},
		"time with a comma":        {`.250Z`, `,250Z`, `is not a time`},
		"day of time":              {`2009-01-07T`, `2009-02-29T`, `is not a time`},
		"time before 1970":         {`2009-01-07T`, `1969-01-07T`, `time is missing`},
		"version in quotes":        {`"version":2`, `"version":"2"`, `attribute "version": found a string instead of a whole number`},
		"version with exponent":    {`"version":2`, `"version":2e0`, `attribute "version": 2e0 is not a whole number in plain digits`},
		"version with zero":        {`"version":2`, `"version":02`, `not valid JSON`},
		"version negative":         {`"version":2`, `"version":-2`, `attribute "version": -2 is not a whole number`},
		"version beyond int32":     {`"version":2`, `"version":2147483648`, `version 2147483648 is more than 2147483647`},
		"version beyond uint64":    {`"version":2`, `"version":18446744073709551617`, `is out of range`},
		"version 1 with previous":  {`"version":2`, `"version":1`, `version 1 and previous do not agree`},
		"version 0":                {`"version":2`, `"version":0`, `version is missing`},
		"previous in upper case":   {`"previous":"`, `"previous":"A`, `attribute "previous"`},
		"previous is nothing":      {`"previous":"`, `"previous":"","x":"`, `attribute "previous": "" is not a hash`},
		"impossible date":          {`2009-01-05"`, `2009-02-30"`, `attribute "occurredon": 2009-02-30 is not a date between 1900 and 2100`},
		"date of another form":     {`2009-01-05"`, `5 Jan 2009"`, `"5 Jan 2009" is not a date of the form YYYY-MM-DD`},
		"no date":                  {`2009-01-05"`, `"`, `occurredon is missing`},
		"no actor":                 {`"U-31"`, `""`, `actor or role is missing`},
		"control character":        {`U-31`, `U-31\u0007`, `actor "U-31\a" holds a control character`},
		"invalid UTF-8":            {`U-31`, "U-\xff", `attribute "actor": not valid JSON`},
		"nothing but an open mark": {good, `{`, `decode record #41: not valid JSON at byte 1`},
		"nothing":                  {good, ``, `decode record #41: not valid JSON at byte 0`},
		"too large":                {`legal`, strings.Repeat("x", MaxRecord), `the record is too large`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bad := strings.Replace(good, test.old, test.new, 1)
			if bad == good {
				t.Fatal("the test changes nothing")
			}
			_, err := DecodeStrict(41, []byte(bad))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("strict error = %v\nwant it to say %s", err, test.want)
			}
			if _, err := decodeWhole(41, []byte(bad)); err == nil {
				t.Error("the fast path accepts it")
			}
		})
	}
}

// decodeWhole is Decode with the data.
func decodeWhole(sequence uint64, raw []byte) (*Record, error) {
	r, err := Decode(sequence, raw)
	if err != nil {
		return nil, err
	}
	if _, err := r.Event(); err != nil {
		return nil, err
	}
	return r, nil
}

// sameAsStrict fails when Decode and Record.Event differ from DecodeStrict.
func sameAsStrict(t *testing.T, raw []byte) (accepted *Record) {
	t.Helper()
	want, strictErr := DecodeStrict(7, raw)
	got, err := decodeWhole(7, raw)
	if (err == nil) != (strictErr == nil) {
		t.Fatalf("record %q:\nDecode: %v\nDecodeStrict: %v", raw, err, strictErr)
	}
	if err == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("record %q:\n%s", raw, cmp.Diff(want, got, cmp.AllowUnexported(Record{}, Secret{})))
	}
	return want
}

// TestDecodeAnyForm reads records that are written in other ways than ours: they
// mean the same and keep their bytes and hash.
func TestDecodeAnyForm(t *testing.T) {
	good := encodeTest(t, delivered)
	for name, pair := range map[string][2]string{
		"white space":            {`,"role"`, ` , "role"`},
		"space behind data":      {`}}`, `} }`},
		"line end":               {`}}`, "}}\n"},
		"escape":                 {`"U-31"`, `"U\u002d31"`},
		"time with an offset":    {`T14:03:11.250Z`, `T09:03:11.25-05:00`},
		"another order":          {`"actor":"U-31","role":"case_manager"`, `"role":"case_manager","actor":"U-31"`},
		"space in data":          {`"minutes":30`, ` "minutes" : 30`},
		"another order of data":  {`"minutes":30,"language":"es"`, `"language":"es","minutes":30`},
		"an escape in its data":  {`legal`, `\u006cegal`},
		"null means not present": {`"minutes":30`, `"minutes":30,"worker":null`},
	} {
		t.Run(name, func(t *testing.T) {
			raw := []byte(strings.Replace(string(good.Raw), pair[0], pair[1], 1))
			r := sameAsStrict(t, raw)
			if r == nil {
				t.Fatal("refused")
			}
			if diff := cmp.Diff(good.Envelope, r.Envelope); diff != "" {
				t.Error(diff)
			}
			if e, _ := r.Event(); !reflect.DeepEqual(e, Event(delivered)) {
				t.Errorf("event = %+v", e)
			}
			if !bytes.Equal(r.Raw, raw) || r.Hash() != HashOf(raw) {
				t.Error("the record does not keep its exact bytes")
			}
		})
	}
}

func TestDecodeDataFaultIsReportedByEvent(t *testing.T) {
	raw := bytes.Replace(encodeTest(t, delivered).Raw, []byte(`"minutes"`), []byte(`"minutesy"`), 1)
	r, err := Decode(3, raw)
	if err != nil {
		t.Fatal(err)
	}
	want := `decode record #3 of case/X-7QK2M4: data of service.delivered.v1: unknown member "minutesy"`
	if _, err := r.Event(); err == nil || err.Error() != want {
		t.Errorf("error = %v\nwant    %s", err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	fine := testEnvelope(KindCase)
	with := func(change func(*Envelope)) Envelope {
		e := fine
		change(&e)
		return e
	}
	for name, test := range map[string]struct {
		env   Envelope
		event Event
		want  string
	}{
		"a secret in the clear":    {fine, &ServiceDelivered{Note: Plain("Maria")}, `encode service.delivered.v1: member "note": identifying text must be sealed`},
		"a kind it is not for":     {fine, &LetterDenied{}, `does not belong to a subject of kind "case"`},
		"invalid UTF-8":            {fine, &ServiceDelivered{Category: "\xff"}, `encode service.delivered.v1: member "category"`},
		"no version":               {with(func(e *Envelope) { e.Version = 0 }), delivered, `version is missing`},
		"a first with a previous":  {with(func(e *Envelope) { e.Version = 1 }), delivered, `do not agree`},
		"a date out of range":      {with(func(e *Envelope) { e.OccurredOn = MaxDate + 1 }), delivered, `occurredon`},
		"a time out of range":      {with(func(e *Envelope) { e.Time = 1 << 50 }), delivered, `time`},
		"a reference to nothing":   {fine, &LeadAssigned{Basis: []Reference{{}}}, `is not a subject`},
		"too much for one record":  {fine, &ServiceDelivered{Category: strings.Repeat("x", MaxRecord)}, ErrTooLarge.Error()},
		"a control character":      {with(func(e *Envelope) { e.Agency = "\x1b[2J" }), delivered, `holds a control character`},
		"an unknown kind of thing": {with(func(e *Envelope) { e.Subject = "thing/X" }), delivered, `unknown kind "thing"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Encode(test.env, test.event); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v\nwant it to say %s", err, test.want)
			}
		})
	}
	if _, err := Encode(fine, &ServiceDelivered{Category: strings.Repeat("x", MaxRecord)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
}

func TestEncodeOmitsWhatIsEmpty(t *testing.T) {
	env := testEnvelope(KindCase)
	env.Version, env.Previous, env.Agency, env.CorrelationID = 1, Hash{}, "", ""
	r, err := Encode(env, delivered)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"previous", "agency", "correlationid"} {
		if bytes.Contains(r.Raw, []byte(name)) {
			t.Errorf("%s is written", name)
		}
	}
	if !decodeCanonical(new(Record), 1, r.Raw) {
		t.Error("the record does not take the fast path")
	}
	sameAsStrict(t, r.Raw)
}

// TestEncodeEscapesOnlyWhatItMust holds strings to the canonical form.
func TestEncodeEscapesOnlyWhatItMust(t *testing.T) {
	text := "é <a> & 'b' \u2028 \x7f \"c\" \\ \n \x01"
	r := encodeTest(t, &ServiceDelivered{Category: text})
	if want := "\"é <a> & 'b' \u2028 \x7f \\\"c\\\" \\\\ \\n \\u0001\""; !bytes.Contains(r.Raw, []byte(want)) {
		t.Errorf("record %s\nwant it to hold %s", r.Raw, want)
	}
	sameAsStrict(t, r.Raw)
}

// TestDecodeLongText reads attributes that together outgrow the fast path's room.
func TestDecodeLongText(t *testing.T) {
	for _, length := range []int{150, 158, 159, 160, 300} {
		env := testEnvelope(KindCase)
		env.Actor = strings.Repeat("x", length)
		r, err := Encode(env, delivered)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameAsStrict(t, r.Raw); got == nil || got.Envelope != r.Envelope {
			t.Errorf("an actor of %d characters: %+v", length, got)
		}
	}
}

// TestDecodeAllocates holds the fast path to the record and one string.
func TestDecodeAllocates(t *testing.T) {
	raw := encodeTest(t, delivered).Raw
	if n := testing.AllocsPerRun(100, func() { Decode(1, raw) }); n > 2 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode holds Decode to the results of DecodeStrict.
func FuzzDecode(f *testing.F) {
	for i, raw := range goldenRecords(f) {
		f.Add(raw)
		for _, change := range [][2]string{
			{`"version":2`, `"version":1`}, {`"agency":"A-12",`, ``}, {`"data":{`, `"data": {`},
			{`}}`, `},"data":{}}`}, {`Z"`, `+00:00"`}, {`U-31`, `U\n31`}, {`{`, `{"a":1,"a":2,`},
		} {
			f.Add(bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1))
		}
		f.Add(raw[:len(raw)*(i%10)/10])
	}
	f.Fuzz(func(t *testing.T, raw []byte) { sameAsStrict(t, raw) })
}

// FuzzEncodeDecode writes what was read: canonical bytes must come back as they
// were, and any other form must settle after one encoding.
func FuzzEncodeDecode(f *testing.F) {
	for _, raw := range goldenRecords(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		read := sameAsStrict(t, raw)
		if read == nil {
			return
		}
		first := encodeAgain(t, read)
		if first == nil {
			return
		}
		second := encodeAgain(t, first)
		if second == nil || !bytes.Equal(first.Raw, second.Raw) {
			t.Fatalf("not stable:\n%s\n%s", first.Raw, second.Raw)
		}
	})
}

// encodeAgain returns nil only for a record that grows beyond the limit.
func encodeAgain(t *testing.T, r *Record) *Record {
	t.Helper()
	event, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(r.Envelope, event)
	if errors.Is(err, ErrTooLarge) {
		return nil
	}
	if err != nil {
		// A null or absent member that is required reads as its zero value,
		// which a reference or a hash cannot be written with.
		if strings.Contains(err.Error(), "is not a subject") {
			return nil
		}
		t.Fatalf("encode what was decoded from %s: %v", r.Raw, err)
	}
	if want, err := encodeAny(&again.Envelope, again.data); err != nil || !bytes.Equal(again.Raw, want) {
		t.Fatalf("by hand:\n%s\nby the codec:\n%s\n%v", again.Raw, want, err)
	}
	return again
}

func BenchmarkDecode(b *testing.B) {
	raw := encodeTest(b, delivered).Raw
	b.Run("fast", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if _, err := Decode(1, raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("strict", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if _, err := DecodeStrict(1, raw); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	r := encodeTest(b, delivered)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(r.Envelope, delivered); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEvent(b *testing.B) {
	basis := []Reference{{"agency/A-12", 3, HashOf([]byte("x"))}}
	sealed := SealedSecret("s1.1." + strings.Repeat("x", 80))
	for _, event := range []Event{
		delivered,
		&ServiceDelivered{Category: "legal", Minutes: 30, Language: "es", Worker: "W-7", Note: sealed},
		&ExpenseBooked{Agency: "A-12", Category: "housing", AmountCents: 12_50, Note: sealed},
		&LetterReceived{Kind: Certification, LetterDate: MustDate("2008-05-01"), ReceivedOn: MustDate("2008-05-04"), Basis: basis},
		&LeadAssigned{Worker: "W-7", Basis: basis},
		&ClientEnrolled{
			Agency: "A-12", Class: Victim, Sex: Female, AgeGroup: Adult, AgeYears: 31, Form: FormLabor, Country: "MX", Language: "es",
			ImmigrationStatus: "none", Identity: sealed, Basis: basis,
			Criteria: []Criterion{{"victim", true, "A-12", sealed}, {"present", true, "A-12", sealed}, {"removed", true, "A-12", sealed}},
		},
	} {
		r := encodeTest(b, event)
		b.Run(r.Type, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.event = nil
				if _, err := r.Event(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestCanonicalData reads the data of every golden record without the strict
// decoder, but for the few types that have no canonical form of their own.
func TestCanonicalData(t *testing.T) {
	for _, name := range []string{"client.enrolled.v1", "expense.booked.v1", "service.delivered.v1", "letter.issued.v1", "invoice.generated.v1"} {
		if typ := typesByName[name]; typ == nil || typ.form == nil {
			t.Errorf("%s has no canonical form", name)
		}
	}
	for _, raw := range goldenRecords(t) {
		r, err := DecodeStrict(1, raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, aliased := range []bool{false, true} {
			e, ok := r.typ.canonical(r.Data(), aliased)
			if want := r.typ.form != nil; ok != want {
				t.Errorf("%s: read as canonical: %v, want %v", r.Type, ok, want)
			}
			if !ok {
				continue
			}
			if r.typ.upcast != nil {
				e = r.typ.upcast(e)
			}
			if diff := cmp.Diff(r.event, e, cmp.AllowUnexported(Secret{})); diff != "" {
				t.Errorf("%s:\n%s", r.Type, diff)
			}
		}
	}
}

// TestDecodeIntoAliases reads records into one that is used again: what it held
// before is gone, and its text is not copied.
func TestDecodeIntoAliases(t *testing.T) {
	first, second := encodeTest(t, delivered), encodeTest(t, &LeadLeft{Worker: "W-7"})
	raw := append(bytes.Clone(first.Raw), second.Raw...)
	var r Record
	for _, want := range []*Record{first, second} {
		part := raw[:len(want.Raw)]
		raw = raw[len(want.Raw):]
		if err := DecodeInto(&r, 7, part); err != nil {
			t.Fatal(err)
		}
		event, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		wanted, _ := want.Event()
		if r.Envelope != want.Envelope || !reflect.DeepEqual(event, wanted) {
			t.Errorf("%+v, %+v", r.Envelope, event)
		}
		if n := testing.AllocsPerRun(100, func() { DecodeInto(&r, 7, part) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	}
}
