const body = `
const tasks = workQueue('tasks', { payload: z.object({ n: z.int() }) })

async function work() {
  const broker = await startMemoryBroker()
  const rabbit = await connect(broker.url)
  const handled = new Promise((resolve) => {
    new Worker(rabbit, tasks, ({ n }) => resolve(n)).start()
  })
  await new Producer(rabbit, tasks).send({ n: 7 })
  const n = await handled
  await rabbit.close()
  await broker[Symbol.asyncDispose]()
  return n
}
`
const finish = `
work().then((n) => console.log('handled ' + n))
`

/** A program that sends a task and handles it, with the broker in memory, as an ES module. */
export const esModule = `import { startMemoryBroker } from '@leveret/memory-broker'
import { connect, Producer, Worker, workQueue } from 'leveret'
import { z } from 'zod'
${body}${finish}`

/** The same program in CommonJS. */
export const commonJs = `const { startMemoryBroker } = require('@leveret/memory-broker')
const { connect, Producer, Worker, workQueue } = require('leveret')
const { z } = require('zod')
${body}${finish}`

/**
 * The same program in CommonJS without `require` of an ES module, as before Node.js 20.19, or where a compiler
 * refuses it.
 */
export const dynamicImport = `const { z } = require('zod')
async function main() {
  const { startMemoryBroker } = await import('@leveret/memory-broker')
  const { connect, Producer, Worker, workQueue } = await import('leveret')
${body}
  console.log('handled ' + (await work()))
}
main()
`

/** The same program in TypeScript, which checks the type of the payload. */
export const typeScript: string = esModule
  .replace('connect, Producer', 'connect, type PayloadOf, Producer')
  .replace('new Promise((', 'new Promise<number>((')
  .replace('async function work()', 'async function work(): Promise<number>')
  .concat('\nconst payload: PayloadOf<typeof tasks> = { n: 1 }\nif (payload.n !== 1) throw new Error()\n')

/**
 * The same program in TypeScript that becomes CommonJS, where the compiler does not turn an `import` of an ES module
 * into a `require`.
 */
export const typeScriptImport = `import type { Worker as AnyWorker } from 'leveret' with { 'resolution-mode': 'import' }
async function main(): Promise<void> {
  const { startMemoryBroker } = await import('@leveret/memory-broker')
  const { connect, Producer, Worker, workQueue } = await import('leveret')
  const { z } = await import('zod')
  const tasks = workQueue('tasks', { payload: z.object({ n: z.int() }) })
  const broker = await startMemoryBroker()
  const rabbit = await connect(broker.url)
  const n = await new Promise<number>((resolve) => {
    const worker: AnyWorker<typeof tasks> = new Worker(rabbit, tasks, ({ n }) => resolve(n))
    void worker.start().then(() => new Producer(rabbit, tasks).send({ n: 7 }))
  })
  console.log('handled ' + n)
  await rabbit.close()
  await broker[Symbol.asyncDispose]()
}
main()
`

const check = `
test('handles what was sent', async () => {
  expect(await work()).toBe(7)
})
`

/** A test for Jest in JavaScript. */
export const javaScriptTest: string = esModule.replace(finish, check)

/** The same test in TypeScript, for Jest, and for Vitest with one more import. */
export const typeScriptTest: string = typeScript.replace(finish, check)
