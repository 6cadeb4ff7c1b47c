package sample

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"caseledger/aggregates"
	"caseledger/aggregates/clientcase"
	"caseledger/cmd/caseledger/internal/app"
	"caseledger/events"
)

// What case management throws dice and takes command ids for.
const (
	diceForCasework uint64 = 48
	sourceCasework  uint64 = 8
)

// A casework is one client's case management being written: the same life as that
// of [recordCase], with dice and command ids of its own.
type casework struct {
	*life
	clean     bool
	providers []*provider // in the city of the client's first agency
	end       events.Date // last enrolled day that is written about
	then      events.Instant
}

// recordCasework returns the commands of the case management of one client, in order
// of time.
func recordCasework(c Config, p *person, directory map[place][]*provider) []app.Request {
	l := newLife(c.Seed, p)
	l.sheet, l.keys = nil, newKeyring(c.Seed, sourceCasework, p.ordinal)
	l.d = newDice(c.Seed, 0, diceForCasework, uint64(p.ordinal))
	w := &casework{life: l, clean: c.Clean, providers: directory[p.site.place], end: min(p.last, horizon-3)}
	w.writePlan()
	w.writeInformation()
	w.writeContacts()
	w.writeLaw()
	w.writeBenefits()
	w.writeReferral()
	w.writeFunding()
	w.writeOutcome()
	return l.sheet.sorted()
}

// lapses reports, for some percent of the clients, that something was not done.
func (w *casework) lapses(percent int) bool { return w.d.chance(percent) && !w.clean }

// write notes a fact of a day that the lead gives, recorded soon after it and after
// the one before it in its chain.
func (w *casework) write(on events.Date, name string, cmd aggregates.Command) {
	recorded := on + w.d.soon(0, 3)
	if w.moveTo != nil && on >= w.moveOn { // the transfer is on record by then
		recorded = max(recorded, w.moveOn+4)
	}
	w.then = w.at(recorded, max(w.then, w.enrolledAt))
	w.note(on, w.then, w.lead(on), name, cmd)
}

// alone begins another chain of facts.
func (w *casework) alone() { w.then = 0 }

// soon returns a day of the first weeks, within the client's time.
func (w *casework) soon(least, most int) events.Date {
	return min(w.enroll+w.d.days(least, most), w.end)
}

// interpreted reports whether the lead of a day needs an interpreter for the client.
func (w *casework) interpreted(on events.Date) bool {
	language := languageOf(w.country)
	return language != "en" && !speaks(w.on(on).lead, language)
}

// Needs of the first days and what clients say that they want.
var (
	firstNeeds = []string{"housing", "safety", "mental_health", "immigration", "medical", "employment", "education"}
	goalTexts  = []string{"a place of my own", "to sleep without fear", "to learn English", "papers to work", "to see my children", "work that pays"}
	urgencies  = []string{"crisis", "high", "high", "medium", "low"}
)

// reviewDays is how long after a plan its review is agreed.
const reviewDays = 180

// writePlan writes needs, goals, the plan and its reviews, and how far the goals got.
func (w *casework) writePlan() {
	w.alone()
	need := pick(w.d, firstNeeds)
	on := w.soon(1, 4)
	w.write(on, "assess-need", &clientcase.AssessNeed{Client: w.id, Need: need, Urgency: pick(w.d, urgencies), Strengths: pick(w.d, []string{"", "", "speaks two languages", "has family nearby"})})
	if w.each(9, 1) {
		w.write(on, "assess-need", &clientcase.AssessNeed{Client: w.id, Need: "legal", Urgency: "medium"})
	}
	if w.lapses(3) { // no plan was ever made
		return
	}
	on = min(on+w.d.days(0, 8), w.end)
	w.write(on, "set-goal", &clientcase.SetGoal{Client: w.id, Goal: "G-1", Need: need, Text: pick(w.d, goalTexts), ByDate: on + w.d.days(60, 240)})
	goals := []string{"G-1"}
	if w.each(9, 1) {
		w.write(on, "set-goal", &clientcase.SetGoal{Client: w.id, Goal: "G-2", Need: "legal", Text: "to know what happens in court"})
		goals = append(goals, "G-2")
	}
	on = min(on+w.d.days(0, 12), w.end)
	w.agree(goals, on)
	if !w.lapses(3) {
		w.write(on, "file-document", &clientcase.FileDocument{Client: w.id, Document: "service_plan"})
	}
	for review := on + reviewDays - 6; review <= w.end && !w.lapses(6); review += reviewDays - 6 {
		at := review - w.d.days(0, 6)
		if !w.serves(at) {
			at = w.gap.first - 1
		}
		w.write(at, "record-progress", &clientcase.RecordProgress{Client: w.id, Goal: "G-1", Progress: pick(w.d, []string{"none", "some", "some", "most"})})
		w.agree(goals, at)
	}
	if w.each(8, 3) {
		w.write(w.end, "record-progress", &clientcase.RecordProgress{Client: w.id, Goal: "G-1", Progress: pick(w.d, []string{"most", "achieved", "achieved", "given_up"})})
	}
}

func (w *casework) agree(goals []string, on events.Date) {
	w.write(on, "agree-plan", &clientcase.AgreePlan{Client: w.id, Goals: goals, Interpreter: w.interpreted(on), ReviewOn: on + reviewDays})
}

// writeInformation writes what the client was told, and the papers of the first weeks.
func (w *casework) writeInformation() {
	w.alone()
	on := w.soon(0, 3)
	if !w.lapses(2) {
		w.write(on, "file-document", &clientcase.FileDocument{Client: w.id, Document: "intake_form"})
	}
	on = min(on+w.d.days(0, 9), w.end)
	if !w.lapses(2) {
		w.write(on, "file-document", &clientcase.FileDocument{Client: w.id, Document: "rights_statement"})
	}
	for _, topic := range []string{"criminal_justice", "immigration"} {
		if !w.lapses(2) {
			w.write(min(on+w.d.soon(0, 14), w.end), "inform-client", &clientcase.InformClient{Client: w.id, Topic: topic, Interpreter: w.interpreted(on)})
		}
	}
	if w.interpreted(on) && w.each(5, 1) {
		u := &clientcase.UseInterpreter{Client: w.id, Manner: pick(w.d, []string{"phone", "phone", "in_person"}), Minutes: 15 * (1 + w.d.IntN(6))}
		if n := w.provider("interpretation", on); n != nil {
			u.Partner = n.id
		}
		w.write(on, "use-interpreter", u)
	}
	if w.each(12, 2) {
		w.write(on, "name-emergency-contact", &clientcase.NameEmergencyContact{Client: w.id, Relation: pick(w.d, []string{"family", "friend", "advocate"}), Contact: inventedName(w.d)})
	}
	if w.letter != 0 && w.each(9, 3) {
		on := max(w.received, w.enroll) + 1
		w.alone()
		w.write(on, "file-document", &clientcase.FileDocument{Client: w.id, Document: "hhs_letter", Hash: hashOf("letter " + w.id)})
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// provider returns a provider of the client's city that serves a need on a day.
func (w *casework) provider(need string, on events.Date) *provider {
	for _, n := range w.providers {
		if n.serves(need, on-30) && n.serves(need, on+30) { // its entry is on record, and stays
			return n
		}
	}
	return nil
}

// writeContacts writes a contact for each month of service, and now and then one
// more, one that failed, or a call for help. For some the contacts stop for a while.
func (w *casework) writeContacts() {
	w.alone()
	last := w.enroll
	for on := w.enroll + w.d.days(24, 30); ; on = last + w.d.days(26, 30) {
		if w.reopens() && last < w.gap.first && on >= w.gap.first {
			last = w.gap.last + 1 // the reopening
			continue
		}
		if on > w.end {
			if w.clean && w.end > last+20 {
				w.contact(w.end) // the last one that is written about
			}
			break
		}
		last = on
		if w.lapses(2) {
			continue
		}
		w.contact(on)
	}
	if w.each(15, 4) {
		on := w.soon(5, 60)
		if w.serves(on) {
			w.alone()
			w.call(on)
		}
	}
}

func (w *casework) contact(on events.Date) {
	c := &clientcase.MakeContact{
		Client: w.id, Manner: pick(w.d, []string{"in_person", "in_person", "phone", "phone", "home_visit", "accompaniment", "message"}),
		Worker: w.on(on).lead.id, Minutes: 15 * (1 + w.d.IntN(8)), Language: languageOf(w.country), Interpreter: w.interpreted(on),
	}
	if w.d.chance(15) {
		c.Note = pick(w.d, serviceContexts)
	}
	if w.d.chance(3) && w.serves(on-2) {
		w.write(on-2, "make-contact", &clientcase.MakeContact{Client: w.id, Manner: "missed", Worker: w.on(on - 2).lead.id})
	}
	w.write(on, "make-contact", c)
}

// call writes a call for help, most of them answered soon.
func (w *casework) call(on events.Date) {
	minutes := 2 + int(w.d.soon(0, 50))
	if w.lapses(12) {
		minutes = 70 + w.d.IntN(200)
	}
	w.write(on, "handle-emergency", &clientcase.HandleEmergency{
		Client: w.id, Emergency: pick(w.d, []string{"safety", "mental_health", "mental_health", "medical", "housing"}),
		ResponseMinutes: minutes, AfterHours: w.d.chance(60), Worker: w.on(on).lead.id,
	})
}

// writeLaw writes the steps and appointments of the legal components of some.
func (w *casework) writeLaw() {
	if w.standing == derivative || !w.each(7, 2) || w.end-w.enroll < 30 {
		return
	}
	w.alone()
	on := w.soon(8, 25)
	w.write(on, "reach-milestone", &clientcase.ReachMilestone{Client: w.id, Component: string(events.ImmigrationComponent), Milestone: "application_filed"})
	w.write(on, "reach-milestone", &clientcase.ReachMilestone{Client: w.id, Component: string(events.ProsecutionComponent), Milestone: "crime_reported"})
	day := on + w.d.days(25, 90)
	w.write(on, "set-court-date", &clientcase.SetCourtDate{
		Client: w.id, CourtDate: "D-1", Component: string(events.ProsecutionComponent), On: day, Occasion: pick(w.d, []string{"hearing", "interview", "grand_jury", "deposition"}),
	})
	if day > horizon-3 {
		return
	}
	result := pick(w.d, []string{"held", "held", "held", "postponed"})
	if result == "postponed" {
		day -= 4
	}
	w.write(day, "end-court-date", &clientcase.EndCourtDate{Client: w.id, CourtDate: "D-1", Result: result, Accompanied: result == "held"})
	if result != "postponed" || day > w.end {
		return
	}
	w.write(day, "set-court-date", &clientcase.SetCourtDate{
		Client: w.id, CourtDate: "D-2", Component: string(events.ProsecutionComponent), On: day + 35, Occasion: "hearing",
	})
	if day+35 <= horizon-3 {
		w.write(day+35, "end-court-date", &clientcase.EndCourtDate{Client: w.id, CourtDate: "D-2", Result: "held", Accompanied: true})
	}
}

// writeBenefits writes public benefits of some who have a letter: cash and medical
// assistance for eight months, or others that are renewed, denied, waited for, ended.
func (w *casework) writeBenefits() {
	from := max(w.received, w.enroll)
	if w.letter == 0 || !w.each(4, 2) || from+3 > w.end {
		return
	}
	w.alone()
	on := min(from+w.d.days(2, 10), w.end)
	benefit := []string{"rca", "rma", "medicaid", "food_stamps", "public_housing"}[w.d.IntN(5)]
	w.write(on, "refer-benefit", &clientcase.ReferBenefit{Client: w.id, Benefit: benefit, State: w.site.place.state, WaitingList: benefit == "public_housing"})
	answer := on + w.d.days(10, 30)
	if answer > horizon-3 || benefit == "public_housing" {
		return
	}
	if w.d.chance(12) {
		w.write(answer, "deny-benefit", &clientcase.DenyBenefit{Client: w.id, Benefit: benefit, Reason: "papers were missing"})
		return
	}
	through := answer + 89
	if benefit == "rca" || benefit == "rma" {
		through = min(through, w.letter.AddMonths(8)-1)
	}
	if through < answer {
		return
	}
	w.write(answer, "approve-benefit", &clientcase.ApproveBenefit{Client: w.id, Benefit: benefit, ThroughDate: through})
	renewed := through - w.d.days(5, 20)
	switch longer := min(through+90, w.letter.AddMonths(8)-1); {
	case renewed <= answer || renewed > min(w.end, horizon-3):
	case w.d.chance(25):
		w.write(renewed, "end-benefit", &clientcase.EndBenefit{Client: w.id, Benefit: benefit, Reason: "found work"})
	case longer > through:
		w.write(renewed, "renew-benefit", &clientcase.RenewBenefit{Client: w.id, Benefit: benefit, ThroughDate: longer})
	}
}

// writeReferral sends some to a provider of the city, under a release to it.
func (w *casework) writeReferral() {
	on := w.soon(6, 20)
	need := pick(w.d, []string{"legal", "legal", "medical", "mental_health", "housing"})
	n := w.provider(need, on)
	if !w.each(10, 5) || n == nil || w.moveTo != nil {
		return
	}
	w.alone()
	scope := map[string]string{"legal": "legal", "medical": "health", "mental_health": "health", "housing": "services"}[need]
	through := max(w.last+w.d.days(20, 90), on+90)
	if w.lapses(10) {
		through = on + 20
	}
	w.write(on, "give-consent", &clientcase.GiveConsent{Client: w.id, Recipient: n.id, Scope: scope, ThroughDate: through})
	w.write(on, "refer-service", &clientcase.ReferService{Client: w.id, Referral: "R-1", Partner: n.id, Category: need})
	if answered := on + w.d.days(3, 20); answered <= horizon-3 && w.d.chance(85) {
		w.write(answered, "answer-service-referral", &clientcase.AnswerServiceReferral{
			Client: w.id, Referral: "R-1", Answer: pick(w.d, []string{"accepted", "accepted", "accepted", "waiting_list", "declined"}),
		})
	}
}

// writeFunding writes what other funders bear, and paths other than certification of
// some who are not certified.
func (w *casework) writeFunding() {
	w.alone()
	if w.standing == preOnly && w.each(16, 6) {
		w.write(w.soon(20, 70), "record-alternative-relief", &clientcase.RecordAlternativeRelief{
			Client: w.id, Relief: pick(w.d, []string{"u_visa", "u_visa", "asylum", "vawa"}), Standing: "applied", UnrestrictedFunds: w.d.chance(40),
		})
	}
	if !w.each(10, 7) {
		return
	}
	on := w.soon(0, 25)
	f := &clientcase.RecordOtherFunding{
		Client: w.id, Funder: pick(w.d, []string{"doj", "doj", "doj", "dhs", "legal_aid", "crime_victims_fund", "unrestricted"}),
		Category: pick(w.d, []string{"legal", "housing", "medical", "interpretation"}), AmountCents: w.cents(40, 900),
		ReceiptHash: hashOf("other funding " + w.id),
	}
	if f.Funder == "doj" {
		f.Award = fmt.Sprintf("%d-VT-BX-%04d", 2005+w.rank%4, 1+w.site.ordinal%agenciesPerCopy)
	}
	if pair := w.rank / 10; !w.clean && pair%40 < 2 { // one receipt for two clients
		f.ReceiptHash = hashOf(fmt.Sprintf("other funding shared %d", pair/2))
	}
	w.write(on, "record-other-funding", f)
}

// writeOutcome writes what some have reached when the service closes.
func (w *casework) writeOutcome() {
	if !w.each(8, 4) || w.last > horizon-3 || w.departs() {
		return
	}
	w.alone()
	w.write(w.last, "record-outcome", &clientcase.RecordOutcome{
		Client: w.id, Outcome: pick(w.d, []string{"self_sufficient", "employed", "housed", "safe", "status_obtained", "cooperated_with_investigation", "english_learned"}),
	})
}
