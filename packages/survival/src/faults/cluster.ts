import { setTimeout as delay } from 'node:timers/promises'
import { eventually, type RabbitMQNode } from '@leveret/testing'
import { saveQueues } from '../broker.js'
import type { Stage } from '../stage.js'
import type { Fault } from './fault.js'

/** Queues on all three nodes. A classic queue is on one node only, and is down with it. */
const REPLICATED = ['work', 'ordered'] as const
const READY = { timeoutMs: 90_000, intervalMs: 200 }
/** How long the wanted number of messages may take, even on a slow machine. */
const GOAL_MS = 1_800_000

/** Fault: SIGKILL of one node of three. */
export const leaderKilled: Fault = {
  name: 'leader-killed',
  summary:
    'three nodes: the leader of a quorum queue is killed with SIGKILL under load, and started again, 5 times (quick: 1; --kills n, --messages n)',
  scope: 'cluster',
  direct: true,
  strike: async (stage) => {
    const { messages = 0, kills = stage.quick ? 1 : 5 } = stage.goal
    await saveQueues(stage.broker)
    for (let kill = 0; kill < kills; kill += 1) {
      await atLeast(stage, (messages * kill) / kills)
      const node = await leaderOf(stage)
      stage.strikes('leader-killed')
      await node.kill()
      await stage.recovers('leader-killed', REPLICATED)
      await node.start()
      await stage.recovers('leader-back')
      await whole(stage)
    }
    await atLeast(stage, messages)
  },
}

/** Fault: a rolling restart, as in an upgrade. */
export const rollingRestart: Fault = {
  name: 'rolling-restart',
  summary: 'three nodes: each is stopped in order and started again, one after the other, as in an upgrade',
  scope: 'cluster',
  direct: true,
  strike: async (stage) => {
    for (const node of stage.broker.nodes) {
      stage.strikes('rolling-restart')
      await node.stop()
      await stage.recovers('node-stopped', REPLICATED)
      await node.start()
      await stage.recovers('node-back')
      await whole(stage)
    }
  },
}

/**
 * Fault: a partition. The nodes refuse each other's connections, because their cookies differ; clients reach all of
 * them. Before RabbitMQ 4.3 the single node then pauses, as it is configured to.
 */
export const partition: Fault = {
  name: 'partition',
  summary:
    'three nodes: the leader of a quorum queue is separated from the other two for 20 s (quick: 6 s); clients reach all three',
  scope: 'cluster',
  direct: true,
  strike: async (stage) => {
    for (let time = 0; time < (stage.quick ? 1 : 3); time += 1) {
      const alone = await leaderOf(stage)
      const others = stage.broker.nodes.filter(({ name }) => name !== alone.name).map(({ name }) => `'${name}'`)
      const each = (what: string): string => `[${what} || Node <- [${others.join(', ')}]].`
      stage.strikes('partition')
      await alone.ctl('eval', each('begin erlang:set_cookie(Node, other), erlang:disconnect_node(Node) end'))
      await delay(stage.span(6_000, 20_000))
      await alone.ctl('eval', each('erlang:set_cookie(Node, erlang:get_cookie())'))
      await stage.recovers('partition')
      await whole(stage)
    }
  },
}

async function leaderOf({ management, vhost, broker }: Stage): Promise<RabbitMQNode> {
  return await eventually(async () => {
    const { leader } = await management.queue(vhost, 'work')
    const node = broker.nodes.find(({ name }) => name === leader)
    if (node === undefined) throw new Error(`The leader is ${leader}.`)
    return node
  }, READY)
}

/** Waits until all three nodes hold the quorum queue. Otherwise the next fault could leave it without a majority. */
async function whole({ management, vhost }: Stage): Promise<void> {
  await eventually(async () => {
    const { online = [] } = await management.queue(vhost, 'work')
    if (online.length < 3) throw new Error(`Online are only ${online.join(', ')}.`)
  }, READY)
}

async function atLeast(stage: Stage, messages: number): Promise<void> {
  await stage.until(() => stage.ledger.ledger.messages.size >= messages, GOAL_MS, 200)
}
