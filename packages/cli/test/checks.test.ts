import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../src/doctor/check.js'
import { alarms } from '../src/doctor/checks/broker/alarms.js'
import { certificate } from '../src/doctor/checks/broker/certificate.js'
import { clock } from '../src/doctor/checks/broker/clock.js'
import { deprecated } from '../src/doctor/checks/broker/deprecated.js'
import { featureFlags } from '../src/doctor/checks/broker/feature-flags.js'
import { unroutable } from '../src/doctor/checks/broker/unroutable.js'
import { TESTED, version } from '../src/doctor/checks/broker/version.js'
import { serviceNames } from '../src/doctor/checks/clients/service-names.js'
import { consumerTimeout } from '../src/doctor/checks/queues/consumer-timeout.js'
import { orphanedDelays } from '../src/doctor/checks/queues/orphaned-delays.js'
import { unattended } from '../src/doctor/checks/queues/unattended.js'
import { instrumentation } from '../src/doctor/checks/self/instrumentation.js'
import type { Snapshot } from '../src/doctor/snapshot.js'

const NOTHING: Snapshot = {
  vhost: '/',
  user: 'guest',
  overview: undefined,
  nodes: undefined,
  featureFlags: undefined,
  deprecated: undefined,
  queues: [],
  exchanges: [],
  bindings: [],
  policies: [],
  operatorPolicies: [],
  connections: [],
  channels: [],
  consumers: [],
  permissions: undefined,
  clockAheadMs: undefined,
  certificateEnds: undefined,
  oldestLetters: new Map(),
  applications: [],
  declarations: [],
  self: { nodeVersion: '24.0.0', packages: [] },
  unseen: [],
}

type Ask = { ask: (snapshot: Snapshot) => readonly Finding[] }

/** What a check says of something, and that it says nothing where nothing was seen. */
function said({ ask }: Ask, seen: Partial<Snapshot>): readonly string[] {
  expect(ask(NOTHING)).toEqual([])
  return ask({ ...NOTHING, ...seen }).map(({ severity, subject, evidence }) => `${severity} ${subject}: ${evidence}`)
}

const queue = { vhost: '/', durable: true, exclusive: false, auto_delete: false }

describe('a check that a shared broker cannot be given a fault for', () => {
  test('reports an alarm and a node that is down', () => {
    const nodes = [
      { name: 'one', running: true, mem_alarm: true, disk_free_alarm: false },
      { name: 'two', running: false },
    ]
    expect(said(alarms, { nodes })).toEqual([
      'error one: the memory alarm is on: no client can publish, to any node of the cluster',
      'error two: the node is down',
    ])
  })

  test('tells a version that is older than the newest or the oldest series that leveret is tested with', () => {
    const running = (rabbitmq_version: string) => ({
      overview: { rabbitmq_version, erlang_version: '25', cluster_name: 'c', node: 'n' },
    })
    expect(said(version, running('3.10.8'))).toEqual([
      'warning c: RabbitMQ 3.10.8 is older than 4.3: the RabbitMQ team supports only the newest series, unless you pay for support',
    ])
    expect(said(version, running('4.0.5'))).toEqual([
      expect.stringMatching(/^note c: RabbitMQ 4\.0\.5 is older than 4\.3/),
    ])
    expect(said(version, running('3.9.29'))).toEqual([expect.stringMatching(/^error c: .* older than 3\.10/)])
    for (const newer of ['4.3.0', '4.4.1', '5.0.0-rc.1']) expect(said(version, running(newer))).toEqual([])
  })

  test('knows the series that the matrix of brokers tests', () => {
    const script = readFileSync(new URL('../../../scripts/matrix/brokers.mjs', import.meta.url), 'utf8')
    const [, list = ''] = /VERSIONS = \[(.*)\]/.exec(script) ?? []
    const versions = [...list.matchAll(/'([^']+)'/g)].map(([, one]) => one)
    expect([versions[0], versions.at(-1)]).toEqual([TESTED.oldest, TESTED.newest])
  })

  test('reports feature flags that are off, but not experimental ones', () => {
    const flag = (name: string, stability: string) => ({ name, state: 'disabled', stability })
    expect(said(featureFlags, { featureFlags: [flag('a', 'stable'), flag('b', 'experimental')] })).toEqual([
      'warning broker: these feature flags are disabled, and a later upgrade may require them: a',
    ])
  })

  test('reports deprecated features that are in use', () => {
    const feature = { name: 'transient_queues', state: 'permitted', deprecation_phase: 'denied_by_default' }
    expect(said(deprecated, { deprecated: [feature] })).toEqual([
      'warning transient_queues: a deprecated feature is in use (denied by default)',
    ])
  })

  test('tells clocks that differ by more than seconds', () => {
    expect(said(clock, { clockAheadMs: -60_000 })).toEqual([
      "warning clock: the broker's clock is 60 s behind this machine",
    ])
    expect(said(clock, { clockAheadMs: 1_000 })).toEqual([])
  })

  test('reports a certificate that ends soon, and one that has ended', () => {
    const day = 24 * 60 * 60 * 1_000
    const at = (days: number) => ({ certificateEnds: new Date(Date.now() + days * day) })
    expect(said(certificate, at(10))[0]).toMatch(/^warning certificate: .* expires on/)
    expect(said(certificate, at(-1))[0]).toMatch(/^error certificate: .* expired on/)
    expect(said(certificate, at(90))).toEqual([])
  })

  test('reports messages that no queue took', () => {
    const channel = { name: 'c', number: 1, user: 'ann', message_stats: { drop_unroutable: 2, return_unroutable: 1 } }
    expect(said(unroutable, { channels: [channel] })).toEqual([
      "error c: no queue took 3 messages of 'ann': 2 dropped, 1 returned to the sender",
    ])
  })

  test('reports consumers of one queue with names of different services', () => {
    const connection = (name: string, program: string) => ({ name, client_properties: { connection_name: program } })
    const consumer = (connection_name: string) => ({
      consumer_tag: 't',
      queue: { name: 'q', vhost: '/' },
      ack_required: true,
      prefetch_count: 1,
      channel_details: { connection_name },
    })
    const connections = [connection('1', 'orders-1'), connection('2', 'orders-2'), connection('3', 'billing-1')]
    expect(said(serviceNames, { connections, consumers: [consumer('1'), consumer('2'), consumer('3')] })).toEqual([
      "note q: its consumers have connections named 'orders' and 'billing'",
    ])
    expect(said(serviceNames, { connections, consumers: [consumer('1'), consumer('2')] })).toEqual([])
  })

  test('reports a consumer timeout on a classic queue', () => {
    const classic = { ...queue, name: 'q', type: 'classic' as const, arguments: { 'x-consumer-timeout': 100_000 } }
    expect(said(consumerTimeout, { queues: [classic] })[0]).toContain(
      'RabbitMQ 4.3.2 and later refuse to declare it (406)',
    )
  })

  test('reports delayed messages without a destination, but not those that wait', () => {
    const level = { ...queue, type: 'quorum' as const, consumers: 0, messages: 2, messages_ready: 2, arguments: {} }
    const queues = ['leveret.delay.lost', 'leveret.delay.4000'].map((name) => ({ ...level, name }))
    expect(said(orphanedDelays, { queues })).toEqual([
      expect.stringContaining('error leveret.delay.lost: 2 messages wait here'),
    ])
    expect(said(unattended, { queues })).toEqual([])
    expect(said(unattended, { queues: [{ ...level, name: 'tasks' }] })).toHaveLength(1)
  })

  test("reports amqplib's instrumentation without leveret's own", () => {
    const packages = ['@opentelemetry/instrumentation-amqplib']
    expect(said(instrumentation, { self: { nodeVersion: '24.0.0', packages } })).toHaveLength(1)
    expect(
      said(instrumentation, { self: { nodeVersion: '24.0.0', packages: [...packages, '@leveret/opentelemetry'] } }),
    ).toEqual([])
  })
})
