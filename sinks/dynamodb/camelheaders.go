package dynamodb

import (
	"strings"

	"sluice/connect"
)

// ddbHeaderPrefix begins the Kafka headers by which Camel's sink lets a record choose what its settings say otherwise.
const ddbHeaderPrefix = "CamelHeader.CamelAwsDdb"

// tableHeader names the table of a record.
//
// Camel: org.apache.camel.component.aws2.ddb.AbstractDdbCommand.determineTableName.
const tableHeader = ddbHeaderPrefix + "TableName"

// tableOfHeader returns the table that a record names in a header of Camel's, "" if it names none. The error is one of the record's data.
func (s *settings) tableOfHeader(r *connect.SinkRecord) (string, error) {
	if !s.mapHeaders {
		return "", nil
	}
	for i := len(r.Headers) - 1; i >= 0; i-- { // the last one counts, as in Camel
		h := &r.Headers[i]
		if h.Key != tableHeader || h.Value == nil {
			continue
		}
		name, _ := textOf(h.Value)
		if name != s.table && !isTableName([]byte(name)) {
			return "", connect.NewDataError("the record's header %q: %q is not the name of a table, which has 3 to 255 letters, digits, _, - and .", tableHeader, name)
		}
		return name, nil
	}
	return "", nil
}

// checkHeaders refuses a record whose headers ask for something that is not done here, and that to write the record without would be wrong. What becomes of
// a header in Camel 3.20.3 decides:
//
//	TableName                 names the table ([settings.tableOfHeader])
//	Operation                 is overwritten by the settings, but not in Camel 4: refused, unless it is what is done anyway
//	Item, Key                 make every write fail, since a header cannot hold the service's values: refused
//	UpdateCondition           is lost, for the same reason: refused
//	ReturnValues, the others  have no effect on what is written
func (e *encoder) checkHeaders(r *connect.SinkRecord) error {
	if !e.settings.mapHeaders {
		return nil
	}
	for i := range r.Headers {
		h := &r.Headers[i]
		what, ours := strings.CutPrefix(h.Key, ddbHeaderPrefix)
		if !ours || h.Key == e.settings.handling.operationHeader {
			continue
		}
		switch what {
		case "Operation":
			name, _ := textOf(h.Value)
			if op, ok := camelOperations[name]; ok && op == e.settings.operation {
				continue
			}
			return connect.NewDataError("table %q: the record's header %q asks for the operation %q, which Camel 3 pays no heed to and Camel 4 carries out: with %s=%s it is carried out, with %s=false no header counts",
				e.table.name, h.Key, name, operationHeaderConfig, h.Key, camelMapHeadersConfig)
		case "Item", "Key", "UpdateCondition":
			return connect.NewDataError("table %q: the record's header %q cannot hold what Camel's sink wants there, values of the Java SDK: it belongs into the record's value, or into the settings; with %s=false no header counts",
				e.table.name, h.Key, camelMapHeadersConfig)
		}
	}
	return nil
}
