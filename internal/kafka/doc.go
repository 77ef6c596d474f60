// Package kafka is Sluice's Kafka client: the only package that knows sarama.
package kafka
