import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'

describe('the vhost of a test', () => {
  test('is not visible to other tests', async ({ vhost, broker }) => {
    await broker.management.declareQueue(vhost.name, 'mine')

    expect((await vhost.queues()).map(({ name }) => name)).toEqual(['mine'])
    expect((await broker.management.queues('/')).map(({ name }) => name)).not.toContain('mine')
  })

  test('is empty at first', async ({ vhost }) => {
    expect(await vhost.queues()).toEqual([])
    expect(await vhost.connections()).toEqual([])
  })

  test('is part of its URL, percent-encoded', async ({ vhost, broker }) => {
    expect(vhost.url).toBe(`${broker.url}/${vhost.name}`)
  })
})

test('the shared broker is not to be killed', async ({ broker }) => {
  await expect(broker.kill()).rejects.toThrow('Cannot kill a shared broker')
})

test('the shared broker takes rabbitmqctl commands', async ({ broker, skip }) => {
  if (broker.address.ctl === undefined) skip('this broker is known by its URL only')
  expect(await broker.ctl('version')).toContain(broker.version)
})
