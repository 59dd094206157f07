import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from '@leveret/testing/vitest'
import { beforeAll, expect } from 'vitest'
import { type Peer, start } from '../programs.js'

const examples = fileURLToPath(new URL('../../', import.meta.url))
const compiler = join(examples, '../node_modules/typescript/bin/tsc')

/** Contracts first: the services are compiled against what comes out. */
const PACKAGES = ['contracts', 'orders', 'mail', 'invoicing']

let workspace = ''

// A workspace as npm links it, from which `leveret` and `zod` are found as a user's project finds them.
beforeAll(async () => {
  mkdirSync(join(examples, 'dist'), { recursive: true })
  workspace = mkdtempSync(join(examples, 'dist/workspace-'))
  cpSync(join(examples, 'applications/4-shared-contracts'), workspace, { recursive: true })
  mkdirSync(join(workspace, 'node_modules/@acme'), { recursive: true })
  symlinkSync('../../contracts', join(workspace, 'node_modules/@acme/contracts'))
  for (const name of PACKAGES) {
    await promisify(execFile)(process.execPath, [compiler, '-p', join(workspace, name)]).catch(
      ({ stdout }: { stdout: string }) => {
        throw new Error(stdout)
      },
    )
  }
  return () => rmSync(workspace, { recursive: true, force: true })
})

const service: Peer = {
  name: 'a service of the workspace',
  command: process.execPath,
  argumentsOf: (program) => [join(workspace, program)],
}

/** Whether this Node.js gives ES modules to `require`, without a flag and without a word. */
const requiresModules = process.features.require_module === true

test('contracts of one package type and join services under nodenext, bundler and CommonJS', async ({ vhost }) => {
  const env = { RABBITMQ_URL: vhost.url }
  const declare = start(service, 'orders/dist/declare.js', env)
  expect(await declare.ended()).toBe(0)
  expect(declare.lines).toEqual(['declared orders 1.0.0, mail 1.0.0, invoicing 1.0.0'])

  const mail = start(service, 'mail/dist/mail.js', env)
  await mail.printed('mailing')
  const orders = start(service, 'orders/dist/orders.js', env)
  expect(await orders.ended()).toBe(0)
  expect(orders.lines).toEqual(['2 orders'])
  await mail.printed('bob@example.com: order 8 is cancelled (stock)')
  expect(mail.lines).toContain('ann@example.com: order 7, 1250 cents')

  const dynamic = start(service, 'invoicing/dist/dynamic.cjs', env)
  expect(await dynamic.ended()).toBe(0)
  expect(dynamic.lines).toEqual(['invoice for 7: 1250 cents'])
  expect(await mail.terminate()).toBe(0)
})

test.skipIf(!requiresModules)('contracts and leveret can be required from CommonJS', async ({ vhost }) => {
  const env = { RABBITMQ_URL: vhost.url }
  for (const program of ['orders/dist/declare.js', 'orders/dist/orders.js']) {
    expect(await start(service, program, env).ended()).toBe(0)
  }
  const invoicing = start(service, 'invoicing/dist/invoicing.js', env)
  await invoicing.printed('invoice for 7: 1250 cents until 2030-01-31')
  await invoicing.printed('writing invoices')
  expect(await invoicing.terminate()).toBe(0)
  // Nothing else: no warning that this is an experiment.
  expect(invoicing.lines).toHaveLength(2)
})
