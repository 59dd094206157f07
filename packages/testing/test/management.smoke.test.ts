import { Management, ManagementError } from '@leveret/testing'
import { eventually, test } from '@leveret/testing/vitest'
import { describe, expect, onTestFinished } from 'vitest'
import { createVhost } from '../src/vitest/vhost.js'
import { openAmqp } from './amqp-client.js'

describe('the management client', () => {
  test('publishes, counts and takes messages', async ({ broker: { management }, vhost }) => {
    await management.declareQueue(vhost.name, 'tasks', { 'x-queue-type': 'quorum' })
    expect(await management.publish(vhost.name, { routingKey: 'tasks', payload: 'one' })).toBe(true)
    expect(await management.publish(vhost.name, { routingKey: 'nowhere', payload: 'two' })).toBe(false)

    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ type: 'quorum', messages: 1 }))
    expect(await management.get(vhost.name, 'tasks')).toMatchObject([{ payload: 'one', redelivered: false }])
    expect(await management.get(vhost.name, 'tasks')).toEqual([])
  })

  test('sees exchanges, bindings and policies', async ({ broker: { management }, vhost }) => {
    await management.declareQueue(vhost.name, 'tasks')
    await management.setPolicy(vhost.name, 'short', { pattern: '^tasks$', definition: { 'max-length': 1 } })

    expect((await management.exchanges(vhost.name)).map(({ name }) => name)).toContain('amq.topic')
    expect(await management.bindings(vhost.name)).toMatchObject([{ source: '', destination: 'tasks' }])
    await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ policy: 'short' }))
  })

  test('deletes what is there, and does not mind what is not', async ({ broker: { management }, vhost }) => {
    await management.declareQueue(vhost.name, 'tasks')
    await management.deleteQueue(vhost.name, 'tasks')
    await management.deleteQueue(vhost.name, 'tasks')
    expect(await vhost.queues()).toEqual([])
  })

  test('sees connections and has them closed', async ({ broker, vhost }) => {
    const client = await openAmqp(vhost.url)
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))

    expect(await vhost.closeConnections('enough')).toBe(1)

    expect(await client.closed).toContain('enough')
    await eventually(async () => expect(await broker.management.connections(vhost.name)).toEqual([]))
  })

  test('closes a connection that was opened just now, by any client', async ({ broker: { management }, vhost }) => {
    const user = `user-${vhost.name}`
    await management.createUser(user, 'secret')
    onTestFinished(async () => await management.deleteUser(user))
    await management.setPermissions(vhost.name, user)
    for (let time = 1; time <= 5; time += 1) {
      const clients = [await openAmqp(vhost.url), await openAmqp(withCredentials(vhost.url, user, 'secret'))]
      expect(await vhost.closeConnections(`time ${time}`)).toBe(2)
      for (const client of clients) expect(await client.closed).toContain(`time ${time}`)
    }
  })

  test('closes no connection of another vhost, and none that is opened meanwhile', async ({
    broker: { management, url },
    vhost,
  }) => {
    const other = await createVhost({ management, url })
    onTestFinished(async () => await management.deleteVhost(other.name))
    const [mine, others] = [await openAmqp(vhost.url), await openAmqp(other.url)]
    const again = mine.closed.then(async () => await openAmqp(vhost.url))
    expect(await vhost.closeConnections()).toBe(1)
    await again
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    await eventually(async () => expect(await other.connections()).toHaveLength(1))
    for (const client of [others, await again]) client.destroy()
  })

  test('a user may do what it was permitted', async ({ broker: { management, url }, vhost }) => {
    const user = `user-${vhost.name}`
    await management.createUser(user, 'p@ss/word#')
    const refused = withCredentials(vhost.url, user, 'p@ss/word#')
    await expect(openAmqp(refused)).rejects.toThrow()
    await management.setPermissions(vhost.name, user)
    const client = await openAmqp(refused)
    client.destroy()
    await management.deleteUser(user)
    expect(url).not.toContain(user)
  })

  test('names the request and the answer in its error', async ({ broker: { management }, vhost }) => {
    const failure = await management.queue(vhost.name, 'a/b').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ManagementError)
    expect(failure).toMatchObject({ method: 'GET', path: `/queues/${vhost.name}/a%2Fb`, status: 404 })
  })

  test('asks the next node when one does not answer', async ({ broker }) => {
    const management = new Management(['http://guest:guest@127.0.0.1:1', broker.managementUrl])
    expect(await management.overview()).toMatchObject({ rabbitmq_version: broker.version })
  })
})

function withCredentials(url: string, user: string, password: string): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = encodeURIComponent(password)
  return changed.href
}
