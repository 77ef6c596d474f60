package dynamodb

// nativeWrite are the keys for how items are written: operations, conditions, order, retries.
func nativeWrite() nativeGroup {
	return nativeGroup{title: "Writing"}
}
