package dynamodb

// nativeMapping are the keys for how records become items.
func nativeMapping() nativeGroup {
	return nativeGroup{title: "Mapping"}
}
