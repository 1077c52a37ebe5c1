// A listener of a broker that lets in one user, who may do nothing until somebody says so.

import kafkajs from 'kafkajs';
import { newKafkaClient, withAdmin } from '../../src/source/kafkaClient.ts';
import type { Right } from '../../src/source/kafkaRights.ts';
import type { BrokerExtras } from './brokerNode.ts';
import { kafkaSettings, realClock } from './kafkaTools.ts';

/** Whoever comes by another listener may do everything. The user is `gruard`, the password `secret`. */
export function lockedListener(port: number): BrokerExtras {
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_gruard="secret";';
  return {
    listeners: { LOCKED: { protocol: 'SASL_PLAINTEXT', port } },
    properties: [
      'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users=User:ANONYMOUS',
      'listener.name.locked.sasl.enabled.mechanisms=PLAIN',
      `listener.name.locked.plain.sasl.jaas.config=${login}`,
    ],
    format: [],
  };
}

/** Grants rights to the user, or takes them away. `brokers` is another listener. */
export async function change(brokers: string, how: 'grant' | 'revoke', rights: readonly Right[]): Promise<void> {
  const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;
  const rules = rights.map(({ operation, on, name }) => ({
    principal: 'User:gruard',
    host: '*',
    operation: AclOperationTypes[operation],
    permissionType: AclPermissionTypes.ALLOW,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    resourceType: on === 'topic' ? AclResourceTypes.TOPIC : AclResourceTypes.GROUP,
    resourceName: name,
  }));
  const kafka = newKafkaClient(kafkaSettings(brokers, ''), () => {}, realClock);
  await withAdmin(kafka, async (admin) => {
    if (how === 'grant') await admin.createAcls({ acl: rules });
    else await admin.deleteAcls({ filters: rules });
  });
}
