/** Input and output of the dataset routes, described once. */

import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { DATASET_NAME, definition } from './dataset.ts'

export const datasetName = z
  .string()
  .regex(DATASET_NAME)
  .meta({ description: 'The table name in SQL: lower case, digits and `_`.', examples: ['orders'] })

const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [42] })

export const datasetBody = z
  .strictObject({
    name: datasetName,
    ...definition.shape,
    builtIn: z.boolean().meta({ description: 'Whether Backlot made it: then it can not be changed.' }),
    version: z.int().positive().meta({ description: 'Of the definition.' }),
    manifestVersion: count('How often something was published; 0 before the first.'),
    rows: count('Rows in the lake, older ones of the same key included.'),
    bytes: count('Of the Parquet files.'),
    files: count('Parquet files.'),
    createdAt: timestamp('When it was declared.'),
    updatedAt: timestamp('When its definition last changed.'),
  })
  .meta({ id: 'Dataset', description: 'What lands in it must look like, and what is published.' })

export const createDatasetBody = z
  .strictObject({ name: datasetName, ...definition.shape })
  .meta({ id: 'CreateDataset', description: 'A dataset to be declared.' })

export const changeDatasetBody = definition.meta({
  id: 'ChangeDataset',
  description: 'The whole new definition. Columns may be added; what was published must stay readable.',
})

export const datasetParams = z.object({ name: z.string().meta({ description: 'The name of the dataset.' }) })
export const datasetListQuery = z.object(pageParameters)
export const datasetListBody = pageOf(datasetBody).meta({ id: 'DatasetList', description: 'Datasets, by name.' })
