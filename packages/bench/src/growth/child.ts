import { collectGarbage } from '../garbage.js'
import { Stopwatch } from '../stopwatch.js'
import { messages } from './messages.js'
import { roles } from './roles.js'
import { sendAll, unawaited } from './sends.js'
import type { Growth, Task } from './task.js'

/**
 * Kinds of work of this program. It runs in a separate process, because the remains of other measurements would hide
 * its growth.
 */
const kinds: Record<Task['kind'], (task: Task, watch: Stopwatch) => Promise<number>> = {
  'publish and consume': messages,
  sendAll,
  'sends that are not awaited': unawaited,
  roles,
}

const task = JSON.parse(process.argv[2] ?? '') as Task
const watch = new Stopwatch()
collectGarbage()
const before = process.memoryUsage().heapUsed
const refused = await kinds[task.kind](task, watch)
collectGarbage()
const growth: Growth = { ...watch.cost, keptBytes: process.memoryUsage().heapUsed - before, refused }
console.log(JSON.stringify(growth))
// The connection is still open, because the memory that it holds counts.
process.exit(0)
