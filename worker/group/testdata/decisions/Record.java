package org.apache.kafka.connect.runtime.distributed;

import java.lang.reflect.Proxy;
import java.util.*;
import java.util.stream.*;

import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.connect.runtime.distributed.WorkerCoordinator.ConnectorsAndTasks;
import org.apache.kafka.connect.storage.ClusterConfigState;
import org.apache.kafka.connect.util.ConnectorTaskId;

/**
 * Plays random histories of a cluster to Kafka Connect's own assignor and prints what it decides, one round a line.
 * Members are given in the order of their names, because the order of a HashMap is no part of the algorithm.
 */
public class Record {
    static final int HISTORIES = 400, ROUNDS = 16;
    static final int[] DELAYS = {0, 1, 30, 2000, 10000, 60000, 300000};
    static long now;

    static class Held {
        List<String> connectors = new ArrayList<>();
        List<ConnectorTaskId> tasks = new ArrayList<>();
    }

    public static void main(String[] args) {
        for (int i = 0; i < HISTORIES; i++)
            history(i, new Random(i));
    }

    static void history(int number, Random r) {
        now = 1000 + r.nextInt(1000);
        int maxDelay = DELAYS[r.nextInt(DELAYS.length)];
        IncrementalCooperativeAssignor assignor = new IncrementalCooperativeAssignor(new LogContext(), clock(), maxDelay);
        TreeMap<String, Held> members = new TreeMap<>();
        TreeMap<String, Integer> configured = new TreeMap<>();
        boolean wild = r.nextInt(3) == 0; // members that do not get their assignment, that claim what they do not have
        for (int n = 1 + r.nextInt(3); n > 0; n--)
            join(members, r);
        for (int n = r.nextInt(4); n > 0; n--)
            configured.put("c" + r.nextInt(12), r.nextInt(5));

        int completed = -1;
        for (int gen = 1; gen <= ROUNDS; gen++) {
            change(members, configured, r, wild, gen == 1);
            if (wild && r.nextInt(12) == 0)
                completed = r.nextInt(gen); // the leader has missed a round
            Map<String, ConnectorsAndTasks> in = new TreeMap<>();
            members.forEach((name, h) -> in.put(name, new ConnectorsAndTasks.Builder().with(h.connectors, h.tasks).build()));
            String before = line(members);
            int given = completed;
            IncrementalCooperativeAssignor.ClusterAssignment out = assignor.performTaskAssignment(state(configured), completed, gen, in);
            completed = gen;

            List<String> decisions = new ArrayList<>();
            boolean revoked = false;
            for (Map.Entry<String, Held> m : members.entrySet()) {
                Collection<String> plusC = out.newlyAssignedConnectors(m.getKey()), minusC = new TreeSet<>(out.newlyRevokedConnectors(m.getKey()));
                Collection<ConnectorTaskId> plusT = out.newlyAssignedTasks(m.getKey()), minusT = new TreeSet<>(out.newlyRevokedTasks(m.getKey()));
                decisions.add(m.getKey() + "=" + text(plusC, plusT) + "~" + text(minusC, minusT));
                revoked |= !minusC.isEmpty() || !minusT.isEmpty();
                if (wild && r.nextInt(10) == 0)
                    continue; // this one does not get it
                Held h = m.getValue();
                h.connectors.removeAll(minusC);
                h.tasks.removeAll(minusT);
                h.connectors.addAll(0, plusC);
                h.tasks.addAll(0, plusT);
            }
            System.out.println("{\"history\":" + number + ",\"max_delay\":" + maxDelay + ",\"generation\":" + gen + ",\"now\":" + now + ",\"completed\":" + given + ",\"configured\":\"" + configured.entrySet().stream()
                .map(e -> e.getKey() + ":" + e.getValue()).collect(Collectors.joining(",")) + "\",\"members\":\"" + before
                + "\",\"decided\":\"" + String.join(";", decisions) + "\",\"delay\":" + assignor.delay + "}");
            now += pause(r, revoked, assignor.delay, maxDelay);
        }
    }

    static Time clock() {
        return (Time) Proxy.newProxyInstance(Record.class.getClassLoader(), new Class<?>[] {Time.class}, (proxy, method, args) -> {
            if (method.getName().equals("milliseconds"))
                return now;
            throw new UnsupportedOperationException(method.getName());
        });
    }

    static long pause(Random r, boolean revoked, int delay, int maxDelay) {
        if (revoked && r.nextInt(4) != 0)
            return r.nextInt(4);
        if (delay > 0)
            switch (r.nextInt(3)) {
                case 0: return delay;
                case 1: return 1 + r.nextInt(delay);
            }
        return r.nextInt(1 + Math.min(maxDelay, 20000));
    }

    static void change(TreeMap<String, Held> members, TreeMap<String, Integer> configured, Random r, boolean wild, boolean first) {
        if (first)
            return;
        switch (r.nextInt(12)) {
            case 0: case 1:
                join(members, r);
                break;
            case 2: case 3:
                if (members.size() > 1)
                    members.remove(pick(members.keySet(), r));
                break;
            case 4: { // bounces: comes back as another, with nothing
                if (members.size() > 1)
                    members.remove(pick(members.keySet(), r));
                join(members, r);
                break;
            }
            case 5: case 6:
                configured.put("c" + r.nextInt(12), r.nextInt(8));
                break;
            case 7:
                if (!configured.isEmpty())
                    configured.remove(pick(configured.keySet(), r));
                break;
            case 8:
                if (wild)
                    claim(members, r);
                break;
            default: // nothing but time
        }
    }

    static void join(TreeMap<String, Held> members, Random r) {
        String name = String.valueOf((char) ('a' + r.nextInt(10)));
        members.putIfAbsent(name, new Held());
    }

    // claim makes a member say that it has what another one has.
    static void claim(TreeMap<String, Held> members, Random r) {
        Held from = members.get(pick(members.keySet(), r)), to = members.get(pick(members.keySet(), r));
        if (from == to)
            return;
        if (!from.connectors.isEmpty())
            to.connectors.add(pick(from.connectors, r));
        if (!from.tasks.isEmpty())
            to.tasks.add(pick(from.tasks, r));
        to.connectors = new ArrayList<>(new LinkedHashSet<>(to.connectors));
        to.tasks = new ArrayList<>(new LinkedHashSet<>(to.tasks));
    }

    static <T> T pick(Collection<T> of, Random r) {
        return new ArrayList<>(of).get(r.nextInt(of.size()));
    }

    static ClusterConfigState state(Map<String, Integer> configured) {
        Map<String, Map<String, String>> configs = new HashMap<>();
        Map<ConnectorTaskId, Map<String, String>> tasks = new HashMap<>();
        configured.forEach((name, n) -> {
            configs.put(name, Collections.emptyMap());
            for (int i = 0; i < n; i++)
                tasks.put(new ConnectorTaskId(name, i), Collections.emptyMap());
        });
        return new ClusterConfigState(1, null, new HashMap<>(configured), configs, Collections.emptyMap(), tasks,
            Collections.emptyMap(), Collections.emptyMap(), Collections.emptyMap(), Collections.emptySet(), Collections.emptySet());
    }

    static String line(TreeMap<String, Held> members) {
        return members.entrySet().stream().map(e -> e.getKey() + "=" + text(e.getValue().connectors, e.getValue().tasks)).collect(Collectors.joining(";"));
    }

    // text is "c1,c2|c1-0,c1-1".
    static String text(Collection<String> connectors, Collection<ConnectorTaskId> tasks) {
        return String.join(",", connectors) + "|" + tasks.stream().map(ConnectorTaskId::toString).collect(Collectors.joining(","));
    }
}
