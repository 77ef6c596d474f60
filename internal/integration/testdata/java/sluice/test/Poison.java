package sluice.test;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.errors.RetriableException;

/**
 * What is done to a record whose text is "poison=KIND". The Go test of worker/task has the same in Go.
 */
final class Poison {
    private static final Map<String, Integer> TRIES = new HashMap<>();

    private Poison() { }

    /** Fails if the text is poison. The key tells one record's tries from another's. */
    static void check(String key, Object text) {
        if (!(text instanceof String) || !((String) text).startsWith("poison=")) {
            return;
        }
        switch (((String) text).substring("poison=".length()).trim()) {
            case "data": throw new DataException("it is poison");
            case "cause": throw new DataException("it is poison", new IllegalArgumentException("it is green"));
            case "runtime": throw new IllegalStateException("it is poison");
            case "silent": throw new IllegalStateException();
            case "retry": throw new RetriableException("it is poison now");
            case "retry-once":
                if (first(key)) {
                    throw new RetriableException("it is poison now");
                }
                return;
            case "retry-then-data":
                if (first(key)) {
                    throw new RetriableException("it is poison now");
                }
                throw new DataException("it is poison");
            default:
        }
    }

    static synchronized boolean first(String key) {
        return TRIES.merge(key, 1, Integer::sum) == 1;
    }
}
