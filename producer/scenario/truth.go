package scenario

import (
	"bufio"
	"encoding/json"
	"io"
	"time"

	"sluice/producer"
)

// The lines of a truth file, each an object with "record" as its first member.

// TruthScenario is the first line.
type TruthScenario struct {
	Record string `json:"record"` // "scenario"
	Seed   uint64 `json:"seed"`
	Start  string `json:"start"` // 2026-01-05 08:00:00.000000
}

// TruthFraud is a plant: what a rule of its kind must find, or must not find if Fraud is false.
type TruthFraud struct {
	Record         string   `json:"record"` // "fraud"
	Name           string   `json:"name"`
	Kind           Kind     `json:"kind"`
	Fraud          bool     `json:"fraud"`
	AccountID      int64    `json:"account_id"`
	TransactionIDs []string `json:"transaction_ids"` // in the order of their dates
	First          string   `json:"first"`           // date of the first one
	Last           string   `json:"last"`            // date of the last one
}

// TruthPair is a transaction and a flag before it, which the join must give: once for each line.
type TruthPair struct {
	Record          string `json:"record"` // "pair"
	AccountID       int64  `json:"account_id"`
	TransactionID   string `json:"transaction_id"`
	TransactionDate string `json:"transaction_date"`
	FlagDate        string `json:"flag_date"`
}

// TruthEnd is the last line of a truth that is whole.
type TruthEnd struct {
	Record       string `json:"record"` // "end"
	Transactions int64  `json:"transactions"`
	Flags        int64  `json:"flags"`
	Fraud        int64  `json:"fraud"` // plants, decoys not counted
	Pairs        int64  `json:"pairs"`
}

// truth writes a truth file. Without a writer it only counts.
type truth struct {
	to       *bufio.Writer
	flags    map[int64][]time.Time // of every account that is ever flagged
	end      TruthEnd
	complete bool
	err      error
}

func newTruth(w io.Writer) *truth {
	t := &truth{end: TruthEnd{Record: "end"}}
	if w != nil {
		t.to = bufio.NewWriterSize(w, 1<<16)
	}
	return t
}

// open writes what is known before the first record. The flags are all known too, also those that come late: so a pair is
// known when its transaction is.
func (t *truth) open(p *Play, plants []plant) {
	t.line(TruthScenario{"scenario", p.seed, dateText(p.scenario.Time.Start.Time)})
	for _, pl := range plants {
		f := TruthFraud{Record: "fraud", Name: pl.fraud.Name, Kind: pl.fraud.Kind, Fraud: !pl.fraud.Decoy, AccountID: pl.transactions[0].AccountID,
			First: dateText(pl.transactions[0].Date), Last: dateText(pl.transactions[len(pl.transactions)-1].Date)}
		for _, tr := range pl.transactions {
			f.TransactionIDs = append(f.TransactionIDs, tr.TransactionID)
		}
		if f.Fraud {
			t.end.Fraud++
		}
		t.line(f)
	}
	t.flags = map[int64][]time.Time{}
	for _, flags := range p.scenario.Flags {
		for i := range flags.Accounts.Count {
			for range flags.Copies {
				number := flags.Accounts.at(i)
				t.flags[number] = append(t.flags[number], p.date(time.Duration(flags.Date)))
			}
		}
	}
}

// add notes a record that is about to be sent, with the pairs of a transaction.
func (t *truth) add(e producer.Event) {
	if e.Flag != nil {
		t.end.Flags++
		return
	}
	t.end.Transactions++
	for _, date := range t.flags[e.Transaction.AccountID] {
		if e.Transaction.Date.UnixMilli() > date.UnixMilli() { // the detector's dates have no more than milliseconds
			t.end.Pairs++
			t.line(TruthPair{"pair", e.Transaction.AccountID, e.Transaction.TransactionID, dateText(e.Transaction.Date), dateText(date)})
		}
	}
}

// close writes the last line, if all went before it.
func (t *truth) close() error {
	if t.complete {
		t.line(t.end)
	}
	if t.to != nil && t.err == nil {
		t.err = t.to.Flush()
	}
	return t.err
}

func (t *truth) line(v any) {
	if t.to == nil || t.err != nil {
		return
	}
	line, err := json.Marshal(v)
	if err == nil {
		_, err = t.to.Write(append(line, '\n'))
	}
	t.err = err
}

// dateText is a date as records have it.
func dateText(t time.Time) string { return t.Format("2006-01-02 15:04:05.000000") }
