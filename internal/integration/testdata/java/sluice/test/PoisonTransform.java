package sluice.test;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.transforms.Transformation;

/** A transform that some records poison, if it has a name, or that drops them. */
public class PoisonTransform<R extends ConnectRecord<R>> implements Transformation<R> {
    private String name;

    @Override
    public void configure(Map<String, ?> configs) {
        name = configs.containsKey("poison.name") ? "transform" + configs.get("poison.name") : null;
    }

    @Override
    public R apply(R record) {
        if (name != null) {
            Poison.check(name, record.value());
        }
        return "drop".equals(record.value()) ? null : record;
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef().define("poison.name", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "");
    }

    @Override
    public void close() { }
}
