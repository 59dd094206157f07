import { join } from 'node:path'
import { prepareBroker, prepareContainer, prepareInstalled } from './set-up/broker.mjs'
import { command } from './set-up/command.mjs'
import { installPika } from './set-up/interoperability.mjs'
import { memoryPlan, tutorialsPlan } from './set-up/memory-run.mjs'
import { checkNodeVersion } from './set-up/node-version.mjs'
import { report, say } from './set-up/report.mjs'
import { root } from './set-up/repository.mjs'
import { closingLines, figuresOf, runTests } from './set-up/test-run.mjs'
import { build, installDependencies } from './set-up/workspace.mjs'

const smoke = ['.smoke.test.', 'examples/']

/** How many random programs a run on CI compares with the broker in memory. */
const fuzzPrograms = '500'

/**
 * Which random workers a run on CI makes: the same each time, so that a rare find of chance does not fail the change of the author who
 * comes next. `LEVERET_RANDOM_SEED` and `LEVERET_RANDOM_RUNS` look for such finds.
 */
const randomSeed = process.env.LEVERET_RANDOM_SEED ?? '20261126'

/**
 * A run of Vitest against one broker.
 *
 * @typedef {object} Plan
 * @property {string} name
 * @property {import('./set-up/broker.mjs').ReadyWay} broker
 * @property {readonly string[]} args
 */

// npm test: everything it takes, every check, every test. Arguments go to Vitest: npm test -- packages/testing
await report(async () => {
  const args = process.argv.slice(2)
  checkNodeVersion()
  await installDependencies()
  await build()
  await check()
  const real = process.env.CI && !process.env.RABBITMQ_URL ? await ciPlans(args) : await plansHere(args)
  // First, because it is over before the others have begun.
  const plans = args.length === 0 ? [await memoryPlan(), tutorialsPlan(), ...real] : real
  try {
    const outcomes = []
    for (const plan of plans) {
      const outcome = await runTests({ ...plan, env: plan.broker.env })
      say(`${plan.name}: ${figuresOf(outcome)}`)
      outcomes.push(outcome)
    }
    process.stdout.write(`\n${closingLines(outcomes)}\n`)
    return outcomes.every(({ failed }) => failed === 0) ? 0 : 1
  } finally {
    for (const { broker } of plans) await broker.close?.()
  }
})

async function check() {
  say('checking style with Biome')
  await command(join(root, 'node_modules/.bin/biome'), ['check', '.'], {
    cwd: root,
    next: '`npm run format` corrects most of it',
  })
}

/** @param {readonly string[]} args @returns {Promise<Plan[]>} */
async function plansHere(args) {
  return [{ name: 'suite', broker: await prepareBroker(), args }]
}

/**
 * The newest broker in a container for every test, and what a Debian user has installed for the most important ones.
 *
 * @param {readonly string[]} args
 * @returns {Promise<Plan[]>}
 */
async function ciPlans(args) {
  await installPika()
  const installed = args.length === 0 ? await prepareInstalled() : undefined
  const container = await prepareContainer()
  const suite = {
    name: 'suite',
    broker: {
      ...container,
      env: { LEVERET_FUZZ_PROGRAMS: fuzzPrograms, LEVERET_RANDOM_SEED: randomSeed, ...container.env },
    },
    args,
  }
  return installed === undefined ? [suite] : [suite, { name: 'smoke', broker: installed, args: smoke }]
}
