// Reads the table as the TypeScript services do, through ElectroDB, and prints what it finds.
// Arguments: table, owner's id, campaign's id, sessions' ids …
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { Entity } from "electrodb";

const [table, userId, campaignId, ...sessionIds] = process.argv.slice(2);
const client = new DynamoDBClient({ maxAttempts: 1 });
const text = { type: "string" };

const Campaign = new Entity(
  {
    model: { entity: "campaign", version: "1", service: "tabletop" },
    attributes: {
      id: text, name: text, description: text, userId: text, createdAt: text, updatedAt: text,
    },
    indexes: {
      primary: {
        pk: { field: "pk", composite: ["userId"], template: "user#${userId}" },
        sk: { field: "sk", composite: ["id"], template: "camp#${id}" },
      },
    },
  },
  { client, table },
);

const Session = new Entity(
  {
    model: { entity: "session", version: "1", service: "tabletop" },
    attributes: {
      id: text, name: text, description: text, userId: text, campaignId: text, notes: text,
      summary: text, playerRecap: text, shareToken: text, transcriptStorageKey: text,
      audioStorageKey: text, transcriptionJobId: text, createdAt: text, updatedAt: text,
      metrics: { type: "any" }, speakerNames: { type: "any" },
    },
    indexes: {
      byCampaign: {
        pk: { field: "pk", composite: ["campaignId"], template: "camp#${campaignId}" },
        sk: { field: "sk", composite: ["id"], template: "sess#${id}" },
      },
      byUser: {
        index: "gsi1",
        pk: { field: "gsi1pk", composite: ["userId"], template: "user#${userId}" },
        sk: { field: "gsi1sk", composite: ["id"], template: "sess#${id}" },
      },
    },
  },
  { client, table },
);

const result = {
  campaigns: (await Campaign.query.primary({ userId }).go()).data,
  sessionsOfCampaign: (await Session.query.byCampaign({ campaignId }).go()).data,
  sessionsOfUser: (await Session.query.byUser({ userId }).go()).data,
  sessionsById: await Promise.all(
    sessionIds.map(async (id) => (await Session.get({ campaignId, id }).go()).data),
  ),
};
console.log(JSON.stringify(result));
