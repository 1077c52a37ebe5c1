// What kafkajs's own consumer and producer are made of, for requests that its interface does not offer.

import type { Kafka } from 'kafkajs';
import { GruardError } from '../errors.ts';

/** The connections of one client, and what it knows of topics. */
export interface RawCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: readonly number[]): Readonly<Record<string, readonly number[]>>;
  findBroker(node: { readonly nodeId: string }): Promise<RawBroker>;
  findGroupCoordinator(group: { readonly groupId: string }): Promise<RawBroker>;
  readonly brokerPool: { findConnectedBroker(): Promise<RawBroker> };
}

interface RawBroker {
  fetch(request: unknown): Promise<{
    readonly responses: readonly { readonly partitions: readonly RawFetched[] }[];
  }>;
  produce(request: unknown): Promise<unknown>;
  heartbeat(request: unknown): Promise<unknown>;
}

export interface RawFetched {
  readonly highWatermark: string | number | bigint;
  readonly messages: readonly RawMessage[];
}

export interface RawMessage {
  readonly offset: string | number | bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
}

/** Exactly the pinned version of kafkajs has it under this name. It connects when it is told to. */
export function newRawCluster(kafka: Kafka): RawCluster {
  const symbols = Object.getOwnPropertySymbols(kafka);
  const symbol = symbols.find(({ description }) => description === 'private:Kafka:createCluster');
  const create: unknown = symbol === undefined ? undefined : Reflect.get(kafka, symbol);
  if (typeof create !== 'function') throw new GruardError('internal', 'this kafkajs does not tell how it connects');
  return (create as (options: unknown) => RawCluster)({ metadataMaxAge: 60_000, allowAutoTopicCreation: false });
}
