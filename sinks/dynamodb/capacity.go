package dynamodb

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// capacityOf reads how many write units a second a table and its global indexes may take: those provisioned or, on demand, the maximum if there is one.
func capacityOf(d *types.TableDescription) rates {
	capacity := rates{}
	add := func(name string, provisioned *types.ProvisionedThroughputDescription, onDemand *types.OnDemandThroughput) {
		if provisioned != nil && aws.ToInt64(provisioned.WriteCapacityUnits) > 0 { // it is there, with 0, for tables on demand too
			capacity[name] = float64(*provisioned.WriteCapacityUnits)
		} else if onDemand != nil && aws.ToInt64(onDemand.MaxWriteRequestUnits) > 0 { // -1 stands for none
			capacity[name] = float64(*onDemand.MaxWriteRequestUnits)
		}
	}
	add(tableUnits, d.ProvisionedThroughput, d.OnDemandThroughput)
	for i := range d.GlobalSecondaryIndexes {
		x := &d.GlobalSecondaryIndexes[i]
		add(aws.ToString(x.IndexName), x.ProvisionedThroughput, x.OnDemandThroughput)
	}
	return capacity
}
