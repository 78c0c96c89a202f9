// Rules, quotas and SCRAM users, set, read and taken back by the administrator's client.
package compatibility;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialDeletion;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.apache.kafka.common.quota.ClientQuotaFilter;
import org.apache.kafka.common.quota.ClientQuotaFilterComponent;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

public final class AdminAccess implements Scenario {
    @Override
    public Object run(Client client) throws Exception {
        Map<String, Object> seen = new LinkedHashMap<>();
        try (Admin admin = client.admin()) {
            seen.put("rules", Client.error(() -> {
                rules(admin, seen);
                return null;
            }));
            quotas(admin, seen);
            users(admin, seen);
        }
        return seen;
    }

    private static void rules(Admin admin, Map<String, Object> seen) throws Exception {
        AclBinding rule = new AclBinding(new ResourcePattern(ResourceType.TOPIC, "java-rules", PatternType.PREFIXED),
            new AccessControlEntry("User:someone", "*", AclOperation.READ, AclPermissionType.ALLOW));
        admin.createAcls(List.of(rule)).all().get();
        AclBindingFilter filter = rule.toFilter();
        seen.put("described rules", admin.describeAcls(filter).values().get().contains(rule));
        seen.put("all rules", admin.describeAcls(AclBindingFilter.ANY).values().get().contains(rule));
        seen.put("deleted rules", admin.deleteAcls(List.of(filter)).all().get().size());
        seen.put("rules left", admin.describeAcls(filter).values().get().size());
    }

    private static void quotas(Admin admin, Map<String, Object> seen) throws Exception {
        ClientQuotaEntity entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "java-slow"));
        set(admin, entity, 1e6);
        ClientQuotaFilter filter = ClientQuotaFilter.containsOnly(
            List.of(ClientQuotaFilterComponent.ofEntity(ClientQuotaEntity.CLIENT_ID, "java-slow")));
        seen.put("quotas", admin.describeClientQuotas(filter).entities().get().get(entity));
        set(admin, entity, null);
        seen.put("quotas left", admin.describeClientQuotas(filter).entities().get().size());
        seen.put("bad quota", Client.error(() -> admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            entity, List.of(new ClientQuotaAlteration.Op("no_such_rate", 1.0))))).all().get()));
    }

    private static void set(Admin admin, ClientQuotaEntity entity, Double rate) throws Exception {
        admin.alterClientQuotas(List.of(new ClientQuotaAlteration(
            entity, List.of(new ClientQuotaAlteration.Op("producer_byte_rate", rate))))).all().get();
    }

    private static void users(Admin admin, Map<String, Object> seen) throws Exception {
        ScramCredentialInfo info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
        admin.alterUserScramCredentials(List.of(
            new UserScramCredentialUpsertion("java-user", info, "java-secret"))).all().get();
        seen.put("user", admin.describeUserScramCredentials(List.of("java-user")).all().get().get("java-user")
            .credentialInfos().stream().map(each -> each.mechanism().mechanismName() + " " + each.iterations())
            .collect(Collectors.toList()));
        admin.alterUserScramCredentials(List.of(
            new UserScramCredentialDeletion("java-user", ScramMechanism.SCRAM_SHA_512))).all().get();
        seen.put("user gone", Client.error(
            () -> admin.describeUserScramCredentials(List.of("java-user")).description("java-user").get()));
    }
}
