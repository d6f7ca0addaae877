// The projects of an organization: one Query, its rows checked with zod.

import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { dynamodb } from './dynamodb.js';
import { cursor, type PageRequest } from './page.js';
import { settings } from './settings.js';

const row = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().optional(),
  color: z.string().optional(),
  version: z.number(),
  createdBy: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export async function list(organization: string, { limit, after }: PageRequest) {
  const pk = `ORG#${organization}#PROJECT`;
  const { Items, LastEvaluatedKey } = await dynamodb.send(
    new QueryCommand({
      TableName: settings.PROJECTS_TABLE,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ExclusiveStartKey: after === undefined ? undefined : { pk, sk: after },
      ScanIndexForward: false,
      ConsistentRead: true,
      // One more than requested shows whether there is a next page.
      Limit: limit + 1,
    }),
  );
  const rows = z.array(row).parse(Items);
  const projects = rows.slice(0, limit).map((project) => ({ ...project, orgId: organization }));
  const last = rows.length > limit || LastEvaluatedKey !== undefined ? projects.at(-1) : undefined;
  return { projects, nextCursor: last === undefined ? null : cursor(last.id, organization) };
}
