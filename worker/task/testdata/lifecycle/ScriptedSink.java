import java.io.FileWriter;
import java.io.IOException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.errors.RetriableException;
import org.apache.kafka.connect.sink.SinkConnector;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/** A sink that writes down how it is called, and does what the values of its records say; see README.md. */
public class ScriptedSink extends SinkConnector {
    private Map<String, String> props;

    @Override public void start(Map<String, String> props) { this.props = props; }
    @Override public Class<? extends Task> taskClass() { return ScriptedTask.class; }
    @Override public List<Map<String, String>> taskConfigs(int maxTasks) { return Collections.singletonList(props); }
    @Override public void stop() { }
    @Override public ConfigDef config() { return new ConfigDef(); }
    @Override public String version() { return "1"; }

    public static class ScriptedTask extends SinkTask {
        private String file;
        private String failing = "";
        private String failAfterwards = "";
        private final Map<Long, Integer> tries = new HashMap<>();

        private void note(String event) {
            try (FileWriter w = new FileWriter(file, true)) {
                w.write(event + "\n");
            } catch (IOException e) {
                throw new ConnectException(e);
            }
        }

        private void failIn(String method) {
            if (failing.equals(method)) {
                throw new ConnectException(method + " fails");
            }
        }

        private static String names(Collection<TopicPartition> parts) {
            TreeSet<String> names = new TreeSet<>();
            for (TopicPartition tp : parts) {
                names.add("p" + tp.partition());
            }
            return String.join(" ", names);
        }

        private static String text(Map<TopicPartition, OffsetAndMetadata> offsets) {
            Map<String, Long> sorted = new TreeMap<>();
            offsets.forEach((tp, o) -> sorted.put("p" + tp.partition(), o.offset()));
            StringBuilder b = new StringBuilder();
            sorted.forEach((p, o) -> b.append(b.length() == 0 ? "" : " ").append(p).append("=").append(o));
            return b.toString();
        }

        @Override public void start(Map<String, String> props) {
            file = props.get("events");
            failing = props.getOrDefault("fail.in", "");
            note("start");
            failIn("start");
        }

        @Override public void open(Collection<TopicPartition> parts) {
            note("open " + names(parts));
            failIn("open");
        }

        @Override public void close(Collection<TopicPartition> parts) {
            note("close " + names(parts));
            failIn("close");
        }

        @Override public Map<TopicPartition, OffsetAndMetadata> preCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
            note("preCommit " + text(offsets));
            failIn("preCommit");
            if (failAfterwards.equals("preCommit")) {
                failAfterwards = "";
                throw new ConnectException("preCommit fails once");
            }
            return offsets;
        }

        @Override public void put(Collection<SinkRecord> records) {
            StringBuilder b = new StringBuilder("put");
            for (SinkRecord r : records) {
                b.append(" ").append(r.value());
            }
            note(b.toString());
            for (SinkRecord r : records) {
                TopicPartition tp = new TopicPartition(r.topic(), r.kafkaPartition());
                String[] say = String.valueOf(r.value()).split(":");
                boolean first = tries.merge(r.kafkaOffset() * 100 + r.kafkaPartition(), 1, Integer::sum) == 1;
                switch (say[0]) {
                    case "refuse": // refuse:times:timeout
                        if (tries.get(r.kafkaOffset() * 100 + r.kafkaPartition()) <= Integer.parseInt(say[1])) {
                            context.timeout(Long.parseLong(say[2]));
                            throw new RetriableException("refused");
                        }
                        break;
                    case "fail":
                        throw new ConnectException("put fails");
                    case "timeout":
                        if (first) {
                            context.timeout(Long.parseLong(say[1]));
                        }
                        break;
                    case "rewind":
                        if (first) {
                            context.offset(tp, Long.parseLong(say[1]));
                        }
                        break;
                    case "commit":
                        context.requestCommit();
                        break;
                    case "hold": // the partition that the record is of
                        context.pause(tp);
                        break;
                    case "release": // all that is paused
                        context.assignment().forEach(p -> context.resume(p));
                        break;
                    case "failflush":
                        failAfterwards = "preCommit";
                        if (first) {
                            context.requestCommit();
                        } else {
                            failAfterwards = "";
                        }
                        break;
                    default:
                }
            }
        }

        @Override public void stop() {
            note("stop");
            failIn("stop");
        }

        @Override public String version() { return "1"; }
    }
}
