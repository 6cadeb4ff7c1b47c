package sample

import (
	"math/rand/v2"

	"caseledger/events"
)

// dice is a source of random choices that depends on the seed, on what it is
// thrown for, and on nothing else: a life can be generated at any time, in any
// order, and comes out the same.
type dice struct{ *rand.Rand }

// The purposes that dice are thrown for.
const (
	diceForPlan uint64 = iota + 1
	diceForNetwork
	diceForLife
	diceForPathway
	diceForBilling
)

func newDice(seed uint64, copyOf int, purpose, ordinal uint64) dice {
	return dice{rand.New(rand.NewPCG(mix(seed)^mix(uint64(copyOf)<<8|purpose), mix(ordinal+1)))}
}

// mix is the finalizer of splitmix64, a bijection: different numbers stay different.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// day returns a day between first and last, both included.
func (d dice) day(first, last events.Date) events.Date {
	return first + events.Date(d.IntN(int(last-first)+1))
}

// days returns a number of days between least and most, both included.
func (d dice) days(least, most int) events.Date {
	return events.Date(least + d.IntN(most-least+1))
}

// soon is [dice.days] with the lower numbers likelier.
func (d dice) soon(least, most int) events.Date {
	return min(d.days(least, most), d.days(least, most))
}

// chance is true in percent of one hundred throws.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

func shuffle[T any](d dice, s []T) {
	d.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}

// at returns a moment of the working day on a day: between 9 and 17 o'clock in
// New York, whether daylight saving time holds or not, so that the programme's
// day of it is that day.
func (d dice) at(day events.Date) events.Instant {
	const open, length = 14 * 3_600_000, 7 * 3_600_000
	return startOf(day) + events.Instant(open+d.Int64N(length))
}

// startOf returns the midnight, UTC, before a day's working hours.
func startOf(day events.Date) events.Instant {
	const unixEpoch, dayLength = 719163, 86_400_000
	return events.Instant(day-unixEpoch) * dayLength
}

const idAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// commandID returns the id of a command: unique in a seed's sample at every
// scale, and telling nothing about the order of people or commands.
func commandID(seed uint64, key uint64) string {
	x := mix(key ^ mix(seed))
	var id [15]byte
	id[0], id[1] = 'S', '-'
	for i := range 13 {
		id[14-i] = idAlphabet[x&31]
		x >>= 5
	}
	return string(id[:])
}

// A keyring numbers the commands of one source: a person's case, a person's
// letters, an agency. Sources of a sample have different prefixes.
type keyring struct {
	seed uint64
	next uint64
}

// The kinds of sources of commands.
const (
	sourceProgramme uint64 = iota
	sourceAgency
	sourceWorker
	sourceCase
	sourceLetter
	sourceBilling

	sourceFigures uint64 = 15
)

// newKeyring returns the keyring of a source; ordinal numbers the sources of a
// kind across all copies and stays below 2³².
func newKeyring(seed uint64, kind uint64, ordinal int) keyring {
	return keyring{seed, kind<<60 | uint64(ordinal)<<16}
}

// first returns the id of the first command of a source.
func (k keyring) first() string { return commandID(k.seed, k.next&^0xffff) }

func (k *keyring) take() string {
	id := commandID(k.seed, k.next)
	k.next++
	return id
}
