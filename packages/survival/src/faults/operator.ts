import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '@leveret/testing'
import { type Stage, usualRights } from '../stage.js'
import { type Fault, repeatedly } from './fault.js'

/** Fault: 320 on all connections. */
export const closed: Fault = {
  name: 'closed',
  summary: 'an operator closes all connections in the management UI, 10 times (quick: 3)',
  scope: 'vhost',
  strike: async (stage) => {
    await repeatedly(stage, 'closed', stage.quick ? 3 : 10, async () => await closeConnections(stage))
  },
}

/** Fault: a queue is deleted, with the messages in it. */
export const queueDeleted: Fault = {
  name: 'queue-deleted',
  summary: 'an operator deletes queues under load, with the messages in them',
  scope: 'vhost',
  strike: async (stage) => {
    await repeatedly(stage, 'queue-deleted', stage.quick ? 2 : 10, async (time) => {
      const queue = time % 2 === 0 ? 'work' : 'plain'
      await stage.management.deleteQueue(stage.vhost, queue)
      stage.ledger.note('destroyed', queue)
    })
  },
}

/** Fault: the vhost is deleted, with all that is in it. */
export const vhostDeleted: Fault = {
  name: 'vhost-deleted',
  summary: 'an operator deletes the vhost with everything in it, and creates it again after 2 s',
  scope: 'vhost',
  strike: async (stage) => {
    await repeatedly(stage, 'vhost-deleted', stage.quick ? 1 : 3, async () => {
      await stage.management.deleteVhost(stage.vhost)
      await delay(2_000)
      stage.ledger.note('destroyed', '*')
      await stage.makeVhost()
    })
  },
}

/** Fault: rights are revoked. An open connection keeps the rights it has looked up, so it is closed. */
export const revoked: Fault = {
  name: 'revoked',
  summary:
    'the rights to write and to read are revoked for 5 s (quick: 2 s), connections are closed, and the rights are granted again',
  scope: 'vhost',
  strike: async (stage) => {
    const { management, vhost, user } = stage
    await repeatedly(stage, 'revoked', stage.quick ? 1 : 3, async () => {
      await management.setPermissions(vhost, user.name, { configure: '.*', write: '^$', read: '^$' })
      await closeConnections(stage)
      await delay(stage.span(2_000, 5_000))
      await management.setPermissions(vhost, user.name, usualRights)
    })
  },
}

/** Fault: the password changes, and a client that knows only the old one is refused. */
export const passwordChanged: Fault = {
  name: 'password-changed',
  summary: 'the password is changed for 10 s (quick: 3 s), connections are closed, and the old password is restored',
  scope: 'vhost',
  strike: async (stage) => {
    const { management, user } = stage
    await repeatedly(stage, 'password-changed', stage.quick ? 1 : 3, async () => {
      await management.createUser(user.name, 'other')
      await closeConnections(stage)
      await delay(stage.span(3_000, 10_000))
      await management.createUser(user.name, user.password)
    })
  },
}

/** Fault: the password changes for good, and a client with a credentials provider gets the new one. */
export const passwordRotated: Fault = {
  name: 'password-rotated',
  summary: 'the password is changed for good, and connections are closed; the client has a credentials provider',
  scope: 'vhost',
  client: ({ passwordFile }) => ({ passwordFile }),
  strike: async (stage) => {
    await repeatedly(stage, 'password-rotated', stage.quick ? 2 : 5, async (time) => {
      await stage.setPassword(`rotated-${time}-${stage.random.below(1_000)}`)
      await closeConnections(stage)
    })
  },
}

/** Fault: the broker refuses publishes to a full queue. */
export const queueFull: Fault = {
  name: 'queue-full',
  summary: 'a policy limits two queues to 1 message with reject-publish, for 10 s (quick: 3 s)',
  scope: 'vhost',
  strike: async (stage) => {
    const { management, vhost } = stage
    const definition = { 'max-length': 1, overflow: 'reject-publish' }
    await repeatedly(stage, 'queue-full', 1, async () => {
      await management.setPolicy(vhost, 'full', { pattern: '^(work|plain)$', definition, 'apply-to': 'queues' })
      await delay(stage.span(3_000, 10_000))
      await management.deletePolicy(vhost, 'full')
    })
  },
}

/** Closes all connections. The management API learns of a connection a moment after it was opened. */
async function closeConnections({ management, vhost }: Stage): Promise<void> {
  await eventually(async () => {
    const { length } = await management.connections(vhost)
    if (length < 2) throw new Error(`${length} connections are known`)
  }).catch(() => undefined)
  await management.closeAllConnections(vhost, 'closed on purpose')
}
