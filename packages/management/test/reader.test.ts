import { Management, ManagementError } from '@leveret/management'
import { eventually, test } from '@leveret/testing/vitest'
import { expect, onTestFinished } from 'vitest'

test('reads queues page by page, and only those whose names match', async ({ broker: { management }, vhost }) => {
  for (const n of [1, 2, 3, 4, 5]) await management.declareQueue(vhost.name, `tasks-${n}`)
  await management.declareQueue(vhost.name, 'others')

  await eventually(async () => {
    const pages: string[][] = []
    for await (const page of management.queuePages(vhost.name, { pageSize: 2, name: '^tasks' })) {
      pages.push(page.map(({ name }) => name))
    }
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1])
    expect(pages.flat().sort()).toEqual(['tasks-1', 'tasks-2', 'tasks-3', 'tasks-4', 'tasks-5'])
  })
  expect(await management.queuePage(vhost.name, { page: 1, pageSize: 4 })).toMatchObject({ page: 1, page_count: 2 })
})

test('writes the definitions of a vhost into another one, and does so again', async ({
  broker: { management },
  vhost,
}) => {
  await management.declareQueue(vhost.name, 'tasks', { 'x-queue-type': 'quorum' })
  await management.bindQueue(vhost.name, 'amq.topic', 'tasks', 'a.*')
  await management.setPolicy(vhost.name, 'short', { pattern: '^tasks$', definition: { 'max-length': 1 } })
  const definitions = await management.definitions(vhost.name)
  const copy = `${vhost.name}-copy`
  await management.createVhost(copy)
  onTestFinished(async () => await management.deleteVhost(copy))

  await management.importDefinitions(definitions, copy)
  await management.importDefinitions(definitions, copy)

  expect(await management.queue(copy, 'tasks')).toMatchObject({ type: 'quorum', durable: true })
  expect(await management.bindings(copy)).toContainEqual(
    expect.objectContaining({ source: 'amq.topic', destination: 'tasks', routing_key: 'a.*' }),
  )
  expect(await management.policies(copy)).toMatchObject([{ name: 'short', definition: { 'max-length': 1 } }])
})

test('knows who asks, what that user may do, the feature flags and the broker its clock', async ({ broker, vhost }) => {
  const { management } = broker
  expect(await management.whoami()).toMatchObject({ name: 'guest' })
  expect(await management.permissionsOf(vhost.name, 'guest')).toMatchObject({ configure: '.*' })
  expect(await management.permissions(vhost.name)).toMatchObject([{ user: 'guest' }])
  expect((await management.featureFlags()).map(({ name }) => name)).toContain('quorum_queue')
  expect(await management.deprecatedFeaturesUsed()).toBeInstanceOf(Array)
  expect(await management.operatorPolicies(vhost.name)).toEqual([])
  expect(await management.clock()).toBeInstanceOf(Date)
})

test('says the status of a refusal, and nothing of the password that was refused', async ({ broker }) => {
  const { management: _its, ...rest } = broker
  const { host } = new URL(rest.managementUrl)
  const stranger = new Management([`http://guest:wrong-password@${host}`])
  const refusal = await stranger.overview().catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(ManagementError)
  expect(refusal).toMatchObject({ status: 401, method: 'GET', path: '/overview' })
  expect(JSON.stringify(refusal) + String(refusal)).not.toContain('wrong-password')
})

test('has status 0 without an answer, within its time', async () => {
  const nobody = new Management(['http://127.0.0.1:1'], { timeoutMs: 500 })
  expect(await nobody.overview().catch((error: unknown) => error)).toMatchObject({ status: 0 })
})
