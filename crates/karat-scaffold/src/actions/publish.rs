//! `publish:*`: a tree for a new repository, or a change to one that is there. Who runs the template decides what that
//! means; here it is data.

use super::{Done, Outputs, optional, required, texts, within};
use crate::run::{Kind, Publication, Run};
use crate::template::Step;
use crate::{Data, RepoUrl};

/// Hosts whose actions are understood.
const HOSTS: [&str; 8] =
    ["github", "gitlab", "gitea", "gerrit", "azure", "bitbucketCloud", "bitbucketServer", "bitbucket"];

/// Whether an action publishes, or sets a host up around what is published.
pub(super) fn is_known(action: &str) -> bool {
    let (first, rest) = action.split_once(':').unwrap_or((action, ""));
    let host = rest.split(':').next().unwrap_or_default();
    match first {
        "publish" => HOSTS.contains(&host),
        host => HOSTS.contains(&host) && !rest.is_empty(),
    }
}

/// Publishes.
pub(super) fn perform(run: &mut Run<'_>, step: &Step, input: &Data) -> Done {
    let action = step.action.as_str();
    let change = [":pull-request", ":merge-request", ":review"].iter().any(|end| action.ends_with(end));
    if !action.starts_with("publish:") && !action.ends_with(":repo:push") {
        // Webhooks, environments, deploy keys: of a host that is not here.
        run.say(step, format!("{}: `{action}` is left to the host of the repository", step.name));
        return Ok(Outputs::new());
    }
    let url = required(input, "repoUrl")?;
    let repository = RepoUrl::parse(url)?;
    let source = within(optional(input, "sourcePath")?.unwrap_or(""))?;
    let tree = run.outcome.workspace.part(&source);
    if tree.is_empty() {
        return Err(
            format!("there is nothing in `{}` to publish", if source.is_empty() { "." } else { &source }).into()
        );
    }
    let branch = optional(input, "defaultBranch")?.unwrap_or("main").to_owned();
    let mut outputs = vec![("remoteUrl", Data::String(repository.remote()))];
    let kind = if change {
        let target = optional(input, "targetBranchName")?.unwrap_or("main").to_owned();
        outputs = vec![("remoteUrl", Data::String(repository.web())), ("targetBranchName", Data::String(target))];
        Kind::Change {
            folder: within(optional(input, "targetPath")?.unwrap_or(""))?,
            branch: optional(input, "branchName")?.unwrap_or_default().to_owned(),
            title: optional(input, "title")?.unwrap_or(&step.name).to_owned(),
            description: optional(input, "description")?.unwrap_or_default().to_owned(),
            deleted: texts(input, "filesToDelete")?
                .unwrap_or_default()
                .into_iter()
                .map(within)
                .collect::<Result<_, _>>()?,
        }
    } else {
        let contents = match action.split(':').nth(1) {
            Some("gitlab") => format!("{}/-/blob/{branch}", repository.web()),
            Some("gitea") => format!("{}/src/branch/{branch}", repository.web()),
            Some("bitbucketCloud" | "bitbucketServer" | "bitbucket") => format!("{}/src/{branch}", repository.web()),
            _ => format!("{}/blob/{branch}", repository.web()),
        };
        outputs.push(("repoContentsUrl", Data::String(contents)));
        Kind::Repository { branch }
    };
    run.outcome.publications.push(Publication {
        step: step.id.clone(),
        action: action.to_owned(),
        repository,
        source,
        tree,
        kind,
    });
    Ok(outputs)
}
