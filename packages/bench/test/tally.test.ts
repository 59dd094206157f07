import { expect, test } from 'vitest'
import { Tally } from '../src/tally.js'

test('a tally is done with the last of what it counts, and not before', async () => {
  const tally = new Tally(2)
  const states: string[] = []
  const done = tally.done.then(() => states.push('done'))
  tally.count()
  await Promise.resolve()
  states.push('one')
  tally.count()
  await done
  expect(states).toEqual(['one', 'done'])
})
