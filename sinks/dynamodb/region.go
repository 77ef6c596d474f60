package dynamodb

import "regexp"

// regionNames are the shapes of region names in AWS's partitions: the ones that the SDK knows, with the directions that regions are named
// by. A new region of a known area fits; a mistyped one hardly does.
var regionNames = regexp.MustCompile(`^(` +
	`(af|ap|ca|eu|il|me|mx|sa|us)` + // aws
	`|cn|us-gov|us-iso|us-isob|eu-isoe|us-isof|eusc-[a-z]{2}` + // China, GovCloud, the isolated ones, the European sovereign cloud
	`)-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$`)

const regionRule = "is not the name of an AWS region, such as eu-west-1"
