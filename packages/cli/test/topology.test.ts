import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect, declare, workQueue } from 'leveret'
import { describe, expect, onTestFinished } from 'vitest'
import { z } from 'zod'
import { folderWith, test } from './program.js'

/** A configuration of one application with one work queue. */
function config(options: string): string {
  return `
    import { application, workQueue } from 'leveret'
    import { z } from 'zod'
    const tasks = workQueue('tasks', { payload: z.object({ n: z.int() }), ${options} })
    export const service = application({ name: 'service', version: '1', sends: [tasks], works: [tasks] })
  `
}

describe('topology', () => {
  test('plans what is missing, applies it, and then finds all as it is declared', async ({ leveret, vhost }) => {
    const plan = await leveret(['topology', 'plan', '--json'])
    expect(plan.code).toBe(1)
    const { items } = JSON.parse(plan.stdout)
    expect(items.every(({ change }: { change: string }) => change === 'add')).toBe(true)
    expect(items).toContainEqual({ change: 'add', kind: 'queue', name: 'thumbnails' })
    expect(await vhost.queues()).toEqual([])

    expect(await leveret(['topology', 'check'])).toMatchObject({ code: 1, stdout: '' })
    expect(await leveret(['topology', 'apply', '--dry-run'])).toMatchObject({ code: 0 })
    expect(await vhost.queues()).toEqual([])
    const applied = await leveret(['topology', 'apply'])
    expect(applied).toMatchObject({ code: 0, stdout: '' })
    expect(applied.stderr).toMatch(/^guest@[^ ]+\/test-[^ ]+: declares what is missing/)
    expect(await leveret(['topology', 'check'])).toMatchObject({ code: 0 })
    expect(await leveret(['topology', 'plan'])).toMatchObject({ code: 0, stdout: '' })
  })

  test('names queue, argument and three ways out after a change of delaysMs', async ({ leveret }) => {
    const folder = await folderWith(config('retry: { delaysMs: [1_000, 30_000] }'))
    expect(await leveret(['topology', 'apply'], { folder })).toMatchObject({ code: 0 })
    await writeFile(join(folder, 'leveret.config.mjs'), config('retry: { delaysMs: [1_000, 60_000] }'))

    const { code, stdout } = await leveret(['topology', 'plan', '--app', 'leveret.config.mjs'], { folder })

    expect(code).toBe(1)
    expect(stdout).toContain('+ queue    tasks.retry.60000')
    expect(stdout).toMatch(
      /- queue +tasks\.retry\.30000 +x-message-ttl +existing 30000\n +1\. .*\n +2\. .*\n +3\. .*put 30000 back into delaysMs/,
    )
  })

  test('names what is declared, what exists, and three ways out of an argument that differs; apply then changes nothing', async ({
    leveret,
    vhost,
  }) => {
    const rabbit = await connect(vhost.url)
    onTestFinished(async () => await rabbit.close())
    const other = { arguments: { 'x-queue-type': 'quorum', 'x-delivery-limit': 5 } } as const
    await declare(rabbit, workQueue('tasks', { payload: z.unknown(), queue: other, deadLetter: false }))
    const folder = await folderWith(config('retry: { delaysMs: [1_000] }'))

    const { code, stdout } = await leveret(['topology', 'plan'], { folder })
    expect(code).toBe(1)
    expect(stdout).toContain('~ queue    tasks  x-delivery-limit  declared 20  existing 5')
    expect(stdout).toContain(
      `1. keep it as it is: write in the contract queue: { arguments: {"x-delivery-limit":5,"x-queue-type":"quorum"} }`,
    )
    expect(stdout).toContain('3. replace it')

    expect(await leveret(['topology', 'apply'], { folder })).toMatchObject({ code: 1 })
    expect((await vhost.queues()).map(({ name }) => name).sort()).toEqual([
      'tasks',
      'tasks.retry.1000',
      'tasks.retry.30000',
      'tasks.retry.300000',
    ])
  })

  test('says what it could not see for a user without management rights, and still finds what is missing', async ({
    broker,
    leveret,
    vhost,
  }) => {
    await leveret(['topology', 'apply'])
    await broker.management.deleteQueue(vhost.name, 'quote')
    const user = `plain-${vhost.name}`
    await broker.management.createUser(user, 'plain-password')
    onTestFinished(async () => await broker.management.deleteUser(user))
    await broker.management.setPermissions(vhost.name, user)
    const url = new URL(vhost.url)
    const [username, password] = [user, 'plain-password']
    const api = new URL(broker.managementUrl)
    Object.assign(url, { username, password })
    Object.assign(api, { username, password })

    const { code, stdout, stderr } = await leveret(['topology', 'plan'], {
      env: { RABBITMQ_URL: url.href, RABBITMQ_MANAGEMENT_URL: api.href },
    })

    expect({ code, stdout }).toEqual({ code: 1, stdout: '+ queue    quote\n' })
    expect(stderr).toContain('arguments, bindings, policies and leftovers were not compared')
    expect(stderr).not.toContain('plain-password')
  })

  test('compares with a file of definitions, without a broker', async ({ broker, leveret, vhost }) => {
    await leveret(['topology', 'apply'])
    const folder = await folderWith(config('retry: { delaysMs: [1_000] }'))
    await writeFile(join(folder, 'definitions.json'), JSON.stringify(await broker.management.definitions(vhost.name)))
    const nowhere = { RABBITMQ_URL: 'amqp://127.0.0.1:1' }
    const diff = await leveret(
      ['topology', 'diff', 'definitions.json', '--json'].map((part) =>
        part.replace('definitions', `${folder}/definitions`),
      ),
      { folder, env: nowhere },
    )
    expect(diff.code).toBe(1)
    expect(JSON.parse(diff.stdout).items).toContainEqual({ change: 'add', kind: 'queue', name: 'tasks' })
  })

  test('sets the policy of a queue that leaves its settings to one, and the plan is then empty', async ({
    broker,
    leveret,
    vhost,
  }) => {
    const folder = await folderWith(config("retry: false, queue: { settings: 'policy' }"))
    await leveret(['topology', 'apply'], { folder })
    const plan = await leveret(['topology', 'plan'], { folder })
    expect(plan).toMatchObject({ code: 1, stdout: expect.stringContaining('1. leveret policy tasks --set') })

    expect(await leveret(['policy', 'tasks', '--set'], { folder })).toMatchObject({ code: 2 })
    expect(await leveret(['policy', 'tasks', '--set', '--yes'], { folder })).toMatchObject({ code: 0 })
    expect(await broker.management.policies(vhost.name)).toMatchObject([
      { name: 'leveret.tasks', definition: { 'delivery-limit': 20 } },
    ])
    expect(await leveret(['topology', 'plan'], { folder })).toMatchObject({ code: 0 })
  })
})
