package dynamodb

import (
	"sluice/connect"
)

// The native keys for how a record's value becomes an item.
const (
	inputFormatConfig    = "aws.dynamodb.input.format"
	itemTooLargeConfig   = "aws.dynamodb.item.too.large"
	bodyModeConfig       = "aws.dynamodb.body.mode"
	fieldsIncludeConfig  = "aws.dynamodb.fields.include"
	fieldsExcludeConfig  = "aws.dynamodb.fields.exclude"
	fieldsRenameConfig   = "aws.dynamodb.fields.rename"
	typeOverridesConfig  = "aws.dynamodb.type.overrides"
	numberModeConfig     = "aws.dynamodb.number.mode"
	numberOverflowConfig = "aws.dynamodb.number.overflow"
	arrayModeConfig      = "aws.dynamodb.array.mode"
	nullModeConfig       = "aws.dynamodb.null.mode"
	timeFormatConfig     = "aws.dynamodb.time.format"
	coerceKeysConfig     = "aws.dynamodb.coerce.keys"
	sparseIndexesConfig  = "aws.dynamodb.sparse.indexes"
)

// nativeMapping are the keys for how records become items.
func nativeMapping() nativeGroup {
	return nativeGroup{title: "Mapping", check: checkPlan, keys: []nativeKey{
		choiceKey(inputFormatConfig, "plain", "What records' values are: plain is JSON or Connect's values; dynamodb-json is JSON that names the type of each value, such as {\"id\":{\"S\":\"a\"}}, as DynamoDB's exports and streams have it, for copies without loss. An item alone in a member Item, as in an export, is unwrapped.",
			[]choice[inputFormat]{{"plain", plainInput}, {"dynamodb-json", typedInput}}, func(s *settings, f inputFormat) { s.mapping.input = f }),
		choiceKey(bodyModeConfig, nil, "Where the item is in a record's value: with camel in its member item, or else key, if it has one, as Camel's sink reads it; with flat always the whole value; with debezium the value is a change event of Debezium, whose after is the item, or whose before has the key of the item that is deleted. The default is camel for Camel's class, flat for Confluent's.",
			[]choice[bodyMode]{{"camel", camelBody}, {"flat", flatBody}, {"debezium", debeziumBody}}, func(s *settings, m bodyMode) { s.mapping.body = m }),
		textKey(fieldsIncludeConfig, nil, "list of paths such as id, customer.name", "The only members of the value that are stored, as a list of paths such as id, customer.name. What the table's key is made of stays in any case.",
			parsePaths, func(s *settings, paths [][]string) {
				if len(paths) > 0 {
					s.plan().include(paths)
				}
			}),
		textKey(fieldsExcludeConfig, nil, "list of paths such as id, customer.name", "Members of the value that are not stored, as a list of paths.",
			parsePaths, func(s *settings, paths [][]string) {
				for _, path := range paths {
					s.plan().at(path).drop = true
				}
			}),
		textKey(fieldsRenameConfig, nil, "list of path:name", "Members of the value that are stored under another name, such as id:pk, customer.no:number. If two get one name, the last one in the value counts.",
			parseRenamings, func(s *settings, renamings []renaming) {
				for _, r := range renamings {
					s.plan().at(r.path).name = r.name
				}
			}),
		textKey(typeOverridesConfig, nil, "list of path:type", "Members that are stored in another type than they come in, such as tags:SS, ids:NS, photo:B(base64), order.no:S. Paths are those of the value, and go through arrays. The types are S, N, B or B(base64) for base64 text, B(utf8) for the text itself, and SS, NS, BS for arrays; null stays null. A value that cannot have the type makes the record a bad one.",
			parseOverrides, func(s *settings, overrides []typedPath) {
				for _, o := range overrides {
					s.plan().at(o.path).to = o.to
				}
			}),
		choiceKey(numberModeConfig, "exact", "How numbers are stored: exact is N with all digits; string is S with all digits (keys of the table and its indexes that are N stay so); camel is what Camel 3.20.3 stores, N for integers of up to 32 bits and S after Java's long and double for all others.",
			[]choice[numberMode]{{"exact", exactNumbers}, {"camel", camelNumbers}, {"string", stringNumbers}}, func(s *settings, m numberMode) { s.mapping.rules.numbers = m }),
		choiceKey(numberOverflowConfig, "fail", "What to do with a number that DynamoDB cannot hold, because it has more than 38 digits or is beyond 1E+126 or below 1E-130: fail makes the record a bad one; string stores S; round stores the nearest number there is, and fails if it is too large.",
			[]choice[overflowMode]{{"fail", overflowFails}, {"string", overflowString}, {"round", overflowRounds}}, func(s *settings, m overflowMode) { s.mapping.rules.overflow = m }),
		choiceKey(arrayModeConfig, "list", "How arrays are stored: list is L; camel is what Camel 3.20.3 stores, NS if the first member is an integer of up to 32 bits, else SS of the members' Java texts.",
			[]choice[arrayMode]{{"list", listArrays}, {"camel", camelArrays}}, func(s *settings, m arrayMode) { s.mapping.rules.arrays = m }),
		choiceKey(nullModeConfig, "null", "What to do with members that are null: null stores NULL, omit leaves them out. Nulls in arrays are stored.",
			[]choice[bool]{{"null", false}, {"omit", true}}, func(s *settings, omit bool) { s.mapping.rules.omitNulls = omit }),
		choiceKey(timeFormatConfig, "connect", "How Connect's Date, Time and Timestamp are stored: connect as JsonConverter writes them (days, milliseconds of the day, milliseconds since 1970), iso as text such as 2023-08-14T10:21:33.123Z, epoch-s and epoch-ms as seconds and milliseconds since 1970 (a Time: since midnight).",
			[]choice[timeFormat]{{"connect", connectTimes}, {"iso", isoTimes}, {"epoch-s", secondTimes}, {"epoch-ms", milliTimes}}, func(s *settings, f timeFormat) { s.mapping.times = f }),
		flagKey(coerceKeysConfig, false, "Whether keys of the table and its indexes are brought to the type that the table declares: numeric text to N, a number to S, base64 text to B. Otherwise another type makes the record a bad one.",
			func(s *settings, on bool) { s.mapping.rules.coerceKeys = on }),
		flagKey(sparseIndexesConfig, false, "Whether a key of an index that is null or empty is left out, so that the item is not in that index. Otherwise it makes the record a bad one.",
			func(s *settings, on bool) { s.mapping.rules.sparse = on }),
		textKey(itemTooLargeConfig, "error", "error, truncate:attribute or gzip:attribute", "What to do with an item of more than 400 KB: error makes the record a bad one; truncate:attribute cuts off the end of that text until the item fits; gzip:attribute stores that text as B, its UTF-8 bytes packed by gzip. If the item is too large even so, the record is a bad one.",
			parseShrinking, func(s *settings, how shrinking) { s.mapping.tooLarge = how }),
	}}
}

// plan returns the plan of the item's members, which it makes if need be.
func (s *settings) plan() *plan {
	if s.mapping.plan == nil {
		s.mapping.plan = &plan{}
	}
	return s.mapping.plan
}

// checkPlan refuses paths that lead into what is stored as one value or not at all, and types where the input has them.
func checkPlan(c connect.Config, s *settings) []*connect.ConfigError {
	if errs := checkDebezium(c, s); len(errs) > 0 {
		return errs
	}
	if s.mapping.input == typedInput {
		for _, key := range []string{typeOverridesConfig, numberModeConfig, arrayModeConfig} {
			if c.Given(key) {
				return []*connect.ConfigError{wrongValue(c, key, "has no effect with "+inputFormatConfig+"=dynamodb-json, which names all types, leave it out")}
			}
		}
	}
	if err := s.mapping.plan.check(nil); err != nil {
		for _, key := range []string{typeOverridesConfig, fieldsRenameConfig, fieldsExcludeConfig, fieldsIncludeConfig} {
			if c.Given(key) {
				return []*connect.ConfigError{wrongValue(c, key, err.Error())}
			}
		}
	}
	return nil
}
