/** One line of a plan. */
export interface PlanItem {
  /**
   * The kind of difference. `add`: it is missing, and `apply` declares it. `differs`: it exists with other settings,
   * and RabbitMQ refuses the declaration. `missing`: another program declares it, and it does not exist. `left`: it
   * exists and no contract has it; it is reported and never removed.
   */
  readonly change: 'add' | 'differs' | 'missing' | 'left'
  readonly kind: 'queue' | 'exchange' | 'binding' | 'policy'
  readonly name: string
  readonly argument?: string
  readonly declared?: unknown
  readonly existing?: unknown
  /** The remedies, in sentences. */
  readonly waysOut?: readonly string[]
}

/** Whether an item needs an action. Left-over things are only reported. */
export function isToDo({ change }: PlanItem): boolean {
  return change !== 'left'
}
