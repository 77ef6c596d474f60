package sluice.test;

import java.util.Map;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.storage.StringConverter;

/** A converter of texts, some of which are poison. It is one of keys, values and headers. */
public class PoisonConverter extends StringConverter {
    private String name = "";

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        super.configure(configs, isKey);
        name = String.valueOf(configs.get("poison.name")) + isKey;
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] value) {
        SchemaAndValue v = super.toConnectData(topic, value);
        Poison.check(name, v.value());
        return v;
    }

    @Override
    public void configure(Map<String, ?> configs) {
        super.configure(configs);
        name = String.valueOf(configs.get("poison.name")) + "header";
    }
}
