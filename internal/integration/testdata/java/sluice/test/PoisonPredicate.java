package sluice.test;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.ConnectRecord;
import org.apache.kafka.connect.transforms.predicates.Predicate;

/** A predicate that holds for no record and that some poison. */
public class PoisonPredicate<R extends ConnectRecord<R>> implements Predicate<R> {
    private String name;

    @Override
    public void configure(Map<String, ?> configs) {
        name = "predicate" + configs.get("poison.name");
    }

    @Override
    public boolean test(R record) {
        Poison.check(name, record.value());
        return false;
    }

    @Override
    public ConfigDef config() {
        return new ConfigDef().define("poison.name", ConfigDef.Type.STRING, "", ConfigDef.Importance.LOW, "");
    }

    @Override
    public void close() { }
}
