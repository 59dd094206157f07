import { test } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { migration, ran } from './migration.js'

describe.for(['rascal', 'rabbitmq-client', 'golevelup', 'nest-microservices'])('%s', (library) => {
  test('and leveret share a queue as it declares it, in both directions', async ({ vhost }) => {
    const { old, leveret } = migration(library, { RABBITMQ_URL: vhost.url })
    const before = old('work')
    await before.printed('packing')
    await ran(leveret('send', '1', '2'))
    await before.printed('packed 1')
    await before.printed('packed 2')

    // Both consume it, and then leveret alone.
    const now = leveret('worker')
    await now.printed('packing')
    await before.terminate()
    await ran(old('send', '3', '4'))
    await now.printed('packed 3')
    await now.printed('packed 4')
    expect(await now.terminate()).toBe(0)
  })
})

describe.for(['golevelup', 'nest-microservices'])('%s', (library) => {
  test('and leveret answer each other', async ({ vhost }) => {
    const { old, leveret } = migration(library, { RABBITMQ_URL: vhost.url })
    const before = old('answer')
    await before.printed('answering')
    expect(await ran(leveret('ask', '7'))).toEqual(['{ cents: 700 }'])
    await before.terminate()

    const now = leveret('answer')
    await now.printed('answering')
    expect(await ran(old('ask', '8'))).toEqual(['{ cents: 800 }'])
    expect(await now.terminate()).toBe(0)
  })
})
