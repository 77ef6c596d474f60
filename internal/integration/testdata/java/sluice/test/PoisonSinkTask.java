package sluice.test;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * A sink that keeps the values it was given, by connector. Its poison is reported, waited for or not, put off to flush, or thrown. A task that has
 * no reporter throws.
 */
public class PoisonSinkTask extends SinkTask {
    /** The values that put has accepted, by the connector's name. */
    static final Map<String, List<String>> ACCEPTED = new ConcurrentHashMap<>();

    private String name;
    private boolean poisonous;
    private final List<SinkRecord> later = new ArrayList<>();

    @Override
    public void start(Map<String, String> props) {
        name = props.get("name");
        poisonous = "put".equals(props.get("poison.at"));
        ACCEPTED.putIfAbsent(name, Collections.synchronizedList(new ArrayList<>()));
    }

    @Override
    public void put(Collection<SinkRecord> records) {
        List<String> values = new ArrayList<>();
        for (SinkRecord r : records) {
            String value = String.valueOf(r.value()).trim();
            switch (value) {
                case "report": case "report-copy": case "report-own": case "report-silent": report(r, value); break;
                case "report-and-wait": await(report(r, value)); break;
                case "report-twice": report(r, value); report(r, value); break;
                case "report-later": later.add(r); break;
                default: check(r); values.add(value);
            }
        }
        ACCEPTED.get(name).addAll(values);
        if (!later.isEmpty()) {
            context.requestCommit();
        }
    }

    @Override
    public void flush(Map<TopicPartition, OffsetAndMetadata> offsets) {
        List<SinkRecord> now = new ArrayList<>(later);
        later.clear();
        for (SinkRecord r : now) {
            report(r, "report-later");
        }
    }

    private void check(SinkRecord r) {
        if (!poisonous) {
            return;
        }
        try {
            Poison.check("put" + name, r.value());
        } catch (RetriableException e) {
            context.timeout(10);
            throw e;
        }
    }

    private Future<Void> report(SinkRecord r, String how) {
        RuntimeException error = how.equals("report-silent") ? new IllegalStateException() : new DataException("it is poison");
        ErrantRecordReporter reporter = context.errantRecordReporter();
        if (reporter == null) {
            throw error;
        }
        if (how.equals("report-copy")) {
            r = r.newRecord("elsewhere", 7, null, "other", null, "other", 5L);
        }
        if (how.equals("report-own")) {
            r = new SinkRecord(r.topic(), r.kafkaPartition(), null, "own-key", null, "own", r.kafkaOffset(), r.timestamp(), r.timestampType());
        }
        return reporter.report(r, error);
    }

    private static void await(Future<Void> future) {
        try {
            future.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new ConnectException("waited in vain", e);
        }
    }

    @Override
    public void stop() { }

    @Override
    public String version() {
        return "1";
    }
}
