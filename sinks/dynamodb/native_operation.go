package dynamodb

import (
	"errors"
	"strings"

	"sluice/connect"
)

// The native keys for what is done for a record, and when.
const (
	operationConfig           = "aws.dynamodb.operation"
	operationFieldConfig      = "aws.dynamodb.operation.field"
	operationHeaderConfig     = "aws.dynamodb.operation.header"
	onNullValuesConfig        = "behavior.on.null.values"
	updateNullConfig          = "aws.dynamodb.update.null"
	conditionConfig           = "aws.dynamodb.condition"
	conditionExpressionConfig = "aws.dynamodb.condition.expression"
	versionFieldConfig        = "aws.dynamodb.version.field"
	onConditionFailedConfig   = "aws.dynamodb.on.condition.failed"

	namedOperations = "put, upsert, update, insert, delete, Camel's names, or the code of a change event: d deletes, c, r and u do what is done for every other record"
)

func nativeOperation() nativeGroup {
	return nativeGroup{title: "Operations and conditions", check: checkOperation, keys: []nativeKey{
		choiceKey(operationConfig, nil, "What is done for each record: put replaces the item; upsert sets the record's attributes, leaves the item's others and makes the item if it is missing; update does so only if the item exists, insert makes the item only if it is missing; delete deletes the item with the record's key.",
			[]choice[operation]{{"put", putItem}, {"upsert", upsertItem}, {"update", updateItem}, {"insert", insertItem}, {"delete", deleteItem}},
			func(s *settings, op operation) { s.operation, s.handling.onlyKey = op, false }).beats(camelOperationConfig),
		textKey(operationFieldConfig, nil, "path of a member, such as op", "A member of the value that names the operation of its record: "+namedOperations+". A record without it is treated as every other. The member is not stored.",
			func(text string) ([]string, error) {
				paths, err := parsePaths(text)
				if err == nil && len(paths) > 1 {
					err = errors.New("must be one path")
				}
				if err != nil || len(paths) == 0 {
					return nil, err
				}
				return paths[0], nil
			},
			func(s *settings, path []string) {
				if path != nil {
					s.handling.operationField, s.handling.onlyKey = path, false
					s.plan().at(path).drop = true
				}
			}),
		textKey(operationHeaderConfig, nil, "name of a header", "A header that names the operation of its record: "+namedOperations+". It counts before "+operationFieldConfig+".",
			func(text string) (string, error) { return text, nil },
			func(s *settings, name string) {
				if name != "" {
					s.handling.operationHeader, s.handling.onlyKey = name, false
				}
			}),
		choiceKey(onNullValuesConfig, "fail", "What is done for a record without a value (a tombstone): fail makes it a bad record; delete deletes the item of the record's key; ignore does nothing; upsert puts an item that has the record's key and nothing else. The record's key has the attributes of the table's key as members, is the attribute itself if that is one, or is read as "+hashKeyConfig+" says.",
			[]choice[tombstoneFate]{{"fail", tombstoneFails}, {"delete", tombstoneDeletes}, {"ignore", tombstoneIgnored}, {"upsert", tombstoneUpserts}},
			func(s *settings, f tombstoneFate) { s.handling.tombstones = f }),
		choiceKey(updateNullConfig, "set-null", "What an update does with attributes that are null: set-null stores NULL, remove takes them out of the item, ignore leaves them as they are.",
			[]choice[nullFate]{{"set-null", setNull}, {"remove", removeNull}, {"ignore", ignoreNull}},
			func(s *settings, f nullFate) { s.handling.updateNull = f }),
		choiceKey(conditionConfig, "none", "When a write is carried out: none is always; insert-only if the item is missing; newer-wins if the item is missing, has no version, or an older one than the record, so that what comes late or again does no harm; expression if "+conditionExpressionConfig+" holds.",
			[]choice[conditionKind]{{"none", noCondition}, {"insert-only", insertOnly}, {"newer-wins", newerWins}, {"expression", expressionCondition}},
			func(s *settings, k conditionKind) { s.handling.condition.kind = k }),
		textKey(conditionExpressionConfig, nil, "condition expression", "A condition expression of the service, in which #name stands for the attribute of that name and :name for the record's value of it, such as attribute_not_exists(#seq) OR #seq < :seq.",
			parseCondition, func(s *settings, e *conditionExpression) { s.handling.condition.expression = e }),
		textKey(versionFieldConfig, nil, "name of an attribute, __offset or __timestamp", "The attribute that newer-wins compares, a number or a text. __offset and __timestamp are those of the record in Kafka, and are stored under this name.",
			func(text string) (string, error) { return text, nil },
			func(s *settings, name string) { s.handling.condition.versionOf = name }),
		choiceKey(onConditionFailedConfig, "skip", "What becomes of a record whose condition does not hold, unless the table has just what it would have left: skip counts it as done, with dlq it goes to the connector's error handling (errors.tolerance and the dead letter queue), with fail the task fails.",
			[]choice[fate]{{"skip", skip}, {"dlq", deadLetter}, {"fail", failTask}},
			func(s *settings, f fate) { s.policy.onUnmet = f }),
	}}
}

// checkOperation refuses settings that contradict each other or have no effect together.
func checkOperation(c connect.Config, s *settings) []*connect.ConfigError {
	var errs []*connect.ConfigError
	refuse := func(key, rule string) { errs = append(errs, wrongValue(c, key, rule)) }
	h := &s.handling
	byRecord := h.operationField != nil || h.operationHeader != ""
	updates := byRecord || s.operation == upsertItem || s.operation == updateItem
	kind := h.condition.kind

	if kind == expressionCondition && (h.condition.expression == nil || h.condition.expression.text == "") {
		errs = append(errs, givenEmpty(conditionExpressionConfig, "must be set if "+conditionConfig+" is expression"))
	}
	if c.Given(conditionExpressionConfig) && kind != expressionCondition {
		refuse(conditionExpressionConfig, "has no effect unless "+conditionConfig+" is expression")
	}
	if kind == newerWins && h.condition.versionOf == "" {
		errs = append(errs, givenEmpty(versionFieldConfig, "must be set if "+conditionConfig+" is newer-wins"))
	}
	if c.Given(versionFieldConfig) && kind != newerWins {
		refuse(versionFieldConfig, "has no effect unless "+conditionConfig+" is newer-wins")
	}
	if kind == insertOnly && (s.operation == updateItem || s.operation == deleteItem && !byRecord) {
		refuse(conditionConfig, "contradicts an operation that needs the item")
	}
	if kind == newerWins && s.operation == insertItem && !byRecord {
		refuse(conditionConfig, "has no effect on an operation that replaces nothing")
	}
	if c.Given(updateNullConfig) && !updates {
		refuse(updateNullConfig, "has no effect unless records are updated")
	}
	if c.Given(onConditionFailedConfig) && kind == noCondition && !byRecord && s.operation != insertItem && s.operation != updateItem {
		refuse(onConditionFailedConfig, "has no effect without a condition")
	}
	if h.api == partiqlAPI && !byRecord && !h.states(s.operation) {
		refuse(writeAPIConfig, "has no effect: no statement says what is done for records here")
	}
	if h.operationHeader != "" && strings.HasPrefix(h.operationHeader, ddbHeaderPrefix) && !s.mapHeaders {
		refuse(operationHeaderConfig, "has no effect with "+camelMapHeadersConfig+"=false")
	}
	return errs
}
