/*
 * Words that people use for the things of the API. Words are stemmed before they are compared, so one form of each is
 * enough.
 */

/** Words for the objects of each group. */
export const groupWords: Readonly<Record<string, string>> = {
  accounts:
    'customer client tenant subscriber kunde kunden konto konten mandant compte comptes locataire abonne',
  audit:
    'whodid log trail activity compliance history record forensic investigate event call protokoll verlauf journal historique protokolle journaux',
  auth: 'session user login password self me my myself anmelden abmelden sitzung passwort',
  bridges:
    'agent onprem private network tunnel relay proxy firewall local datacenter brucke brucken pont passerelle netz netzwerk reseau',
  capabilities:
    'vendor provider product supported available marketplace catalog connector category anbieter hersteller produkt fournisseur editeur produit catalogue katalog',
  credentials:
    'apikey key secret password creds login certificate oauth vault keypair zugangsdaten anmeldedaten geheimnis identifiants cle passwort schlussel kennwort',
  'integration-points': 'template blueprint slot preset vorlage modele integrationspunkt',
  integrations:
    'connection connector connected vendor link tool hookup plugin verbindung verbindungen anbindung integrationen connexion connexions connecteur integration',
  mappings:
    'transform transformation field mapper conversion translate normalize schema zuordnung umwandlung correspondance regle feld felder champ champs schema',
  members:
    'user people person colleague employee teammate staff coworker login admin service-account benutzer nutzer mitarbeiter mitglied mitglieder kollege kollegin utilisateur utilisateurs membre membres collegue',
  meta: 'swagger openapi spec specification reference documentation schema docs spezifikation dokumentation',
  operations:
    'job background async asynchronous scheduled schedule task run sync auftrag auftrage vorgang aufgabe tache taches lauf laufe execution executions travaux',
  'organization-webhooks':
    'callback url notification notify endpoint hook alert subscribe subscription push receiver benachrichtigung benachrichtigungen',
  organization:
    'company settings our own tenant-wide global policy preferences firma unternehmen organisation entreprise societe einstellungen parametres',
  'permission-sets':
    'right permission privilege allowed scope action recht rechte berechtigung berechtigungen droit droits autorisation',
  roles: 'access group rbac responsibility rolle rollen',
  status:
    'health healthy down broken outage failing unhealthy working alive monitor error problem uptime zustand gesundheit storung kaputt ausfall defekt etat panne sante fehler ereignis ereignisse erreur erreurs evenement evenements',
  'sub-orgs':
    'child suborganization subsidiary suborg organization nested division reseller unterorganisation tochter filiale sous-organisation',
  tokens: 'bearer apitoken apikey jwt pat accesstoken expire zugriffstoken jeton jetons token',
};

/** The groups that each workflow is about. */
export const workflowGroups: Readonly<Record<string, readonly string[]>> = {
  diagnose_integrations: ['status', 'integrations'],
  account_overview: ['accounts'],
  who_changed: ['audit'],
  access_review: ['members', 'roles', 'permission-sets'],
  usage_report: ['status'],
};

/** Words for each verb of the operation names. */
export const verbWords: Readonly<Record<string, string>> = {
  list: 'all show which see every existing overview browse enumerate exist have there count number alle zeige zeig anzeigen auflisten liste welche lister montre montrer affiche afficher tous toutes quels quelles wieviele combien existe existent liste rechercher chercher suchen',
  get: 'one detail look inspect view single info information read fetch show profile ansehen einzelheiten voir consulter obtenir trouver finden',
  create:
    'add new make setup onboard register define generate issue build provision open save store anlegen erstellen erstelle neu neue neuen neuer hinzufugen einrichten einladen creer cree ajouter ajoute nouveau nouvelle inviter speichern hinterlegen enregistrer configurer definir connecter verbinden',
  update:
    'change edit narrow widen modify rename replace alter adjust move relabel set correct switch another renew refresh enable disable andern umbenennen bearbeiten anpassen modifier modifie renommer changer wechseln ersetzen deaktivieren aktivieren sperren entsperren remplacer desactiver activer',
  patch: 'jsonpatch change',
  delete:
    'remove kick drop erase getrid retire offboard revoke stop end destroy discard disconnect throwaway uninstall deprovision terminate purge clean kill loschen losche entfernen entferne widerrufen supprimer supprime effacer retirer revoquer kundigen trennen deconnecter',
};

/** Words for single operations. */
export const operationWords: Readonly<Record<string, string>> = {
  accounts_create: 'onboard signup',
  accounts_update: 'rename',
  accounts_delete: 'offboard churn everything',
  audit_list: 'whodid log changed',
  auth_logon: 'logon anmelden connecter',
  auth_logoff: 'logoff session end abmelden deconnecter',
  auth_change_password: 'password own my kennwort passe',
  bridges_get_status: 'connected online running alive health version connectivity',
  capabilities_list_connectors: 'category kind type',
  capabilities_list_providers: 'vendor product support available compatible',
  capabilities_get_provider:
    'field need require requirement configure config setting option support feature vendorname',
  credentials_create: 'save store upload oauth client',
  credentials_update: 'expired replace rotate renew stale invalid creds',
  credentials_lookup: 'owner owns belong whose find',
  credentials_list: 'stored',
  integrations_list_account: 'customer tenant client this has',
  integrations_create: 'connect hookup setup configure vendorname wire',
  integrations_delete: 'disconnect unlink vendorname',
  integrations_verify:
    'test testing check try dryrun before validate works connectivity testen prufen tester verifier',
  integrations_update: 'url configuration reconfigure',
  integrations_get: 'config configuration',
  integrationPoints_update: 'allow vendor',
  mappings_apply: 'test try sample dryrun simulate testen prufen tester',
  members_create: 'invite hire access',
  members_delete: 'kick fire leave left',
  members_list: 'access who',
  members_update: 'unlock lock disable enable suspend admin promote demote make',
  meta_managementOpenapiSpec: 'admin management',
  meta_engineOpenapiSpec: 'connector engine',
  operations_list_execution_history: 'past run fail failed failure why history last yesterday',
  organizationWebhooks_create: 'notify when send',
  organizationWebhooks_update: 'url where',
  organization_get: 'settings',
  organization_update: 'enforce password everybody policy contact logo',
  permissionset_get: 'what viewer administrator',
  account_overview: 'everything whole summary overview profile picture uberblick ubersicht apercu',
  who_changed: 'whodid history timeline removed edited before after field wer geandert qui modifie',
  access_review:
    'audit permission who can right privilege unused stale expiring administrator recertification compliance review zugriff acces wer darf',
  usage_report:
    'traffic volume consumption compare statistic busiest hour peak load request bytes metric sum nutzung verbrauch utilisation trafic',
  diagnose_integrations:
    'broken why failing unhealthy health down cause root problem troubleshoot investigate connection whatiswrong sick wrong warum pourquoi kaputt panne',
  status_list: 'service everything across any dashboard down failing broken',
  status_get: 'connector connection integration broken',
  status_list_events: 'error last recent why failure message happened incident log',
  status_reset: 'clear counter zero wipe zurucksetzen reinitialiser',
  status_get_timeseries: 'usage graph chart traffic hour trend metric volume consumption statistic',
  status_get_integration_timeseries:
    'usage graph chart traffic trend metric volume consumption statistic one',
  roles_create: 'custom',
  roles_update: 'narrow widen cover restrict',
  tokens_create_token: 'api ci pipeline script automation service',
  tokens_create_mcp_token: 'ai assistant agent claude chatgpt copilot gateway llm',
  tokens_create_integration_token: 'connector engine short-lived',
  tokens_create_synqly_integrations_token: 'export',
  tokens_delete: 'revoke',
  tokens_list: 'expire',
  tokens_reset: 'leaked leak compromised stolen invalidate immediately exposed zurucksetzen reinitialiser',
  tokens_rotate: 'rollover downtime zero-downtime rotation key rotieren erneuern renouveler',
  tokens_refresh: 'renew own extend erneuern renouveler',
  tokens_remove_secondary: 'old previous former finish rotation kill',
  credentials_delete: 'apikey',
  members_get: 'profile',
  organizationWebhooks_list: 'callback urls',
  roles_list: 'groups',
  bridges_list: 'agent',
};

/** Phrases that are replaced by one word. They are applied in order, after the stop words are removed. */
export const phrases: readonly (readonly [pattern: RegExp, word: string])[] = [
  [/\bwho (?:\w+ed|did|made|changes?|touched|broke|set|has \w+ed)\b/g, 'whodid'],
  [/\b(?:log|sign)(?:ged|ging|ing|ned)? ?-?(?:in|on)\b/g, 'logon'],
  [/\b(?:log|sign)(?:ged|ging|ing|ned)? ?-?(?:out|off)\b/g, 'logoff'],
  [/\b(?:set(?:ting)?|spin(?:ning)?|bring(?:ing)?|stand(?:ing)?) ?-?up\b/g, 'setup'],
  [/\b(?:hook|wire|plug)(?:ing)? (?:up|in)\b/g, 'hookup connect'],
  [/\bget(?:ting)? rid\b/g, 'getrid'],
  [/\bthrow(?:ing)? away\b/g, 'throwaway'],
  [/\broll(?:ing)? ?-?over\b/g, 'rollover'],
  [/\bdry ?-?run\b/g, 'dryrun'],
  [/\bjson ?-?patch\b/g, 'jsonpatch'],
  [/\bon ?-?prem(?:ise|ises)?\b/g, 'onprem'],
  [/\bsub ?-?(org)(?:anization)?(s?)\b/g, 'suborg'],
  [/\bteam ?-?mates?\b/g, 'teammate'],
  [/\bapi tokens?\b/g, 'apitoken token'],
  [/\baccess tokens?\b/g, 'accesstoken token'],
  [/\b(?:api|access)[- ]?keys?\b/g, 'apikey'],
  [
    /\b(?:splunk|sentinel|crowdstrike|jira|servicenow|okta|defender|entra|qualys|tenable|wiz|zendesk|pagerduty|elastic|sentinelone|rapid7|armis|nozomi|claroty|snyk|slack|teams|github|gitlab|sumo|datadog|qradar|chronicle|zscaler|cortex|tanium|autotask)\b/g,
    'vendorname',
  ],
];

/** Words that are frequent in any question and do not help the search. */
export const stopWords: ReadonlySet<string> = new Set(
  `a an the of for to is are was be been am i we you he she they it its his her their this that these those in on at by
  from with into and or but if then than as do does did can could should would will may might must shall please need
  want how so just now some any not no about there here s t ve re us me`.split(/\s+/),
);

/** Words that say nothing about what is asked for. Words such as `all`, `one`, `my` and `who` do, which the
 * model of the questions learns from. */
export const fillers: ReadonlySet<string> = new Set(
  `a an the of to is are was were be been am i we you he she they it its his her their our your this that these those in
  on at by from with into and or but if then than as do does did can could should would will may might must please s t
  ve re us so just now here there de la le les des du un une et ou que der die das den dem ein eine einen und oder ist
  sind fur mit von zu im wie`.split(/\s+/),
);
