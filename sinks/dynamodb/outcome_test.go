package dynamodb

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// classesOf sends writes of items 1, 2 … by a call and returns what became of them.
func classesOf(t *testing.T, r route, op operation, judged bool, n int, answer http.HandlerFunc) ([]class, outcome) {
	t.Helper()
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprint(i+1))
	}
	writes := writesOf(t, keys...)
	for _, w := range writes {
		w.route, w.op, w.judged = r, op, judged
	}
	out := newTestClient(t, answer).send(t.Context(), writes)
	if out.class != done {
		return []class{out.class}, out
	}
	var classes []class
	for i := range writes {
		classes = append(classes, out.of(i).class)
	}
	return classes, out
}

// The answers are DynamoDB Local's but for the item of each.
func TestAnswersOfOtherCallsAreTakenForWhatTheyMean(t *testing.T) {
	const (
		unmet     = `{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","Message":"The conditional request failed","Item":%s}`
		cancelled = `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","CancellationReasons":[%s],"Message":"Transaction cancelled"}`
		responses = `{"Responses":[%s]}`
		own, not  = `{"id":{"N":"1.0"}}`, `{"id":{"N":"1"},"x":{"S":"y"}}`
	)
	for name, c := range map[string]struct {
		route  route
		writes int
		status int
		body   string
		want   []class
	}{
		"written":                       {singleRoute, 1, 200, `{}`, []class{done}},
		"not JSON":                      {singleRoute, 1, 200, `<html>`, []class{transient}},
		"there already, by itself":      {singleRoute, 1, 400, fmt.Sprintf(unmet, own), []class{done}},
		"another is there":              {singleRoute, 1, 400, fmt.Sprintf(unmet, not), []class{unmetCondition}},
		"throttled alone":               {singleRoute, 1, 400, `{"__type":"a#ProvisionedThroughputExceededException"}`, []class{throttled}},
		"bad alone":                     {singleRoute, 1, 400, `{"__type":"a#ValidationException"}`, []class{rejected}},
		"a transaction":                 {transactRoute, 2, 200, `{}`, []class{done, done}},
		"one of it is there":            {transactRoute, 3, 400, fmt.Sprintf(cancelled, `{"Item":`+own+`,"Code":"ConditionalCheckFailed"},{"Code":"None"},{"Code":"ConditionalCheckFailed","Item":`+not+`}`), []class{done, again, unmetCondition}},
		"one of it is bad":              {transactRoute, 2, 400, fmt.Sprintf(cancelled, `{"Code":"ValidationError","Message":"why"},{"Code":"None"}`), []class{rejected, again}},
		"no capacity for one of it":     {transactRoute, 3, 400, fmt.Sprintf(cancelled, `{"Code":"None"},{"Code":"ThrottlingError"},{"Code":"ProvisionedThroughputExceeded"}`), []class{again, throttled, throttled}},
		"an item of it is busy":         {transactRoute, 2, 400, fmt.Sprintf(cancelled, `{"Code":"TransactionConflict"},{"Code":"None"}`), []class{transient, again}},
		"it has no reason":              {transactRoute, 2, 400, fmt.Sprintf(cancelled, `{"Code":"None"},{"Code":"None"}`), []class{transient}},
		"it is bad as a whole":          {transactRoute, 2, 400, `{"__type":"a#ValidationException"}`, []class{rejected}},
		"statements":                    {statementRoute, 2, 200, fmt.Sprintf(responses, `{"TableName":"t"},{"TableName":"t"}`), []class{done, done}},
		"too few answers":               {statementRoute, 2, 200, fmt.Sprintf(responses, `{"TableName":"t"}`), []class{transient}},
		"some statements fail":          {statementRoute, 3, 200, fmt.Sprintf(responses, `{"Error":{"Code":"ProvisionedThroughputExceeded"}},{"Error":{"Code":"ValidationError"}},{"Error":{"Code":"ConditionalCheckFailed"}}`), []class{throttled, rejected, unmetCondition}},
		"errors of the service":         {statementRoute, 2, 200, fmt.Sprintf(responses, `{"Error":{"Code":"InternalServerError"}},{"Error":{"Code":"Unheard"}}`), []class{transient, transient}},
		"statements are not allowed":    {statementRoute, 1, 200, fmt.Sprintf(responses, `{"Error":{"Code":"AccessDenied"}}`), []class{fatal}},
		"the table of a statement gone": {statementRoute, 1, 200, fmt.Sprintf(responses, `{"Error":{"Code":"ResourceNotFound"}}`), []class{transient}}, // DescribeTable is answered with nonsense
	} {
		t.Run(name, func(t *testing.T) {
			got, out := classesOf(t, c.route, insertItem, false, c.writes, reply(c.status, c.body))
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v (%+v), want %v", got, out, c.want)
			}
			for i := range out.each {
				if v := out.of(i); v.class != done && v.class != again && v.err == nil {
					t.Errorf("write %d has no error", i)
				}
			}
		})
	}
}

// INSERT does not show what it found. It is read if that matters.
func TestADuplicateIsReadIfItMatters(t *testing.T) {
	for item, want := range map[string]class{`{"Item":{"id":{"N":"1"}}}`: done, `{"Item":{"id":{"N":"1"},"x":{"S":"y"}}}`: unmetCondition, `{}`: unmetCondition} {
		for _, judged := range []bool{true, false} {
			reads := 0
			answer := func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetItem") {
					reads++
					fmt.Fprint(w, item)
					return
				}
				fmt.Fprint(w, `{"Responses":[{"Error":{"Message":"Duplicate primary key exists in table","Code":"DuplicateItem"},"TableName":"t"}]}`)
			}
			got, _ := classesOf(t, statementRoute, insertItem, judged, 1, answer)
			if judged && (reads != 1 || got[0] != want) || !judged && (reads != 0 || got[0] != unmetCondition) {
				t.Errorf("%s, judged %v: %d reads, class %v", item, judged, reads, got)
			}
		}
	}
}
