use std::collections::HashSet;

use secrecy::{ExposeSecret, SecretString};

use super::*;

fn url(region: &str, typed: Option<&str>) -> String {
    let site = Site::of(region, None).unwrap();
    match site.destination(region, typed) {
        Ok(destination) => destination.url,
        Err(error) => error.message().to_owned(),
    }
}

#[test]
fn pages_of_services_stand_at_the_hosts_of_the_partition() {
    for (region, typed, expected) in [
        (
            "eu-west-1",
            None,
            "https://eu-west-1.console.aws.amazon.com/console/home?region=eu-west-1",
        ),
        (
            "us-east-1",
            Some("s3"),
            "https://us-east-1.console.aws.amazon.com/s3/home?region=us-east-1",
        ),
        (
            "cn-north-1",
            Some("EC2"),
            "https://cn-north-1.console.amazonaws.cn/ec2/home?region=cn-north-1",
        ),
        ("cn-north-1", Some("iam"), "https://console.amazonaws.cn/iam/home"),
        (
            "us-gov-east-1",
            Some("lambda"),
            "https://us-gov-east-1.console.amazonaws-us-gov.com/lambda/home?region=us-gov-east-1",
        ),
        (
            "eusc-de-east-1",
            Some("sqs"),
            "https://eusc-de-east-1.console.amazonaws-eusc.eu/sqs/v3/home?region=eusc-de-east-1",
        ),
        (
            "eu-west-1",
            Some("logs"),
            "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1\
             #logsV2:log-groups",
        ),
        ("eu-west-1", Some("budgets"), "https://console.aws.amazon.com/billing/home#/budgets"),
        ("eu-west-1", Some("route53"), "https://console.aws.amazon.com/route53/v2/home"),
    ] {
        assert_eq!(url(region, typed), expected, "{region} {typed:?}");
    }
    assert_eq!(Site::of("us-iso-east-1", None).unwrap_err().id, "aws-iso");
    assert_eq!(Site::of("eu-west-1", Some("aws-cn")).unwrap().partition.id, "aws-cn");
}

#[test]
fn every_row_of_services_has_names_of_its_own() {
    let mut seen = HashSet::new();
    let table = include_str!("services.txt").split("\n\n").nth(1).unwrap();
    assert!(table.lines().count() >= 60, "{}", table.lines().count());
    for line in table.lines() {
        let mut words: Vec<_> = line.split_whitespace().collect();
        words.retain(|word| *word != "global");
        assert!(words.len() >= 2 && words[0].contains('/'), "{line}");
        for name in &words[1..] {
            assert!(seen.insert(*name), "{name} stands twice");
            assert_eq!(
                Service::find(name).unwrap().page(""),
                Service::find(words[1]).unwrap().page("")
            );
        }
    }
    assert_eq!(service_names().count(), table.lines().count());
}

#[test]
fn unknown_service_names_those_that_are_near() {
    for (typed, near) in [
        ("lamda", &["lambda"][..]),
        ("ec3", &["ec2", "ecr", "ecs"]),
        ("dynamo", &["dynamodb"]),
        ("formation", &["cloudformation", "lakeformation", "lake-formation"]),
        ("xyzzy", &[]),
        ("q", &[]),
    ] {
        assert_eq!(Service::near(typed), near, "{typed}");
    }
    let error = Site::of("eu-west-1", None).unwrap().destination("eu-west-1", Some("lamda"));
    let error = error.unwrap_err();
    assert_eq!(error.kind().exit_code(), 2);
    assert_eq!(error.message(), "--service: no service of the console is called `lamda`");
    assert_eq!(error.causes(), ["did you mean lambda?"]);
}

#[test]
fn addresses_are_pages_of_the_console_of_the_partition_only() {
    let page = "https://eu-west-1.console.aws.amazon.com/ec2/home?region=eu-west-1#Instances:";
    for (typed, expected) in [
        (page, Some((page, None))),
        ("https://console.aws.amazon.com", Some(("https://console.aws.amazon.com", None))),
        (
            "https://Console.AWS.amazon.com/iam/home?a=b",
            Some(("https://console.aws.amazon.com/iam/home?a=b", None)),
        ),
        (
            "https://111111111111-abcd1234.eu-west-1.console.aws.amazon.com/s3/home",
            Some(("https://eu-west-1.console.aws.amazon.com/s3/home", Some("111111111111"))),
        ),
        ("http://console.aws.amazon.com/", None),
        ("https://console.aws.amazon.com.evil.example/", None),
        ("https://evilconsole.aws.amazon.com/", None),
        ("https://evil.example/console.aws.amazon.com/", None),
        ("https://evil.example#.console.aws.amazon.com/", None),
        ("https://evil.example\\.console.aws.amazon.com/", None),
        ("https://user@console.aws.amazon.com/", None),
        ("https://user:pw@evil.example:443/console.aws.amazon.com", None),
        ("https://console.aws.amazon.com:8443/", None),
        ("https://console.amazonaws.cn/", None),
        ("https://console.aws.amazon.com/a b", None),
        ("javascript://console.aws.amazon.com/", None),
        ("https://", None),
    ] {
        let site = Site::of("eu-west-1", None).unwrap();
        let found = site.destination("eu-west-1", Some(typed));
        let found = found.as_ref().map(|one| (one.url.as_str(), one.account.as_deref()));
        assert_eq!(found.ok(), expected, "{typed}");
        if let Err(error) = found {
            assert_eq!(error.kind().exit_code(), 2);
        }
    }
}

/// The pages of the console for ARNs, without the host of the region in front.
#[test]
fn resources_have_pages_of_their_own() {
    let home = "https://eu-west-1.console.aws.amazon.com/";
    let rows = include_str!("../../../tests/data/console/resources.txt").split("\n\n").skip(1);
    let mut services = HashSet::new();
    for row in rows {
        let (arn, page) = row.trim().split_once('\n').unwrap();
        services.insert(arn.split(':').nth(2).unwrap());
        let found = url("eu-west-1", Some(arn));
        let expected = match page.strip_prefix("https://") {
            Some(_) => page.to_owned(),
            None => format!("{home}{page}"),
        };
        assert_eq!(found, expected, "{arn}");
    }
    let table = include_str!("resources.txt").split("\n\n").nth(1).unwrap();
    for line in table.lines() {
        let service = line.split(' ').next().unwrap();
        assert!(services.contains(service), "no ARN of {service} is tried");
        assert!(Service::find(service).is_some(), "{service} is in no row of services");
    }
}

#[test]
fn region_and_account_of_an_arn_are_its_own() {
    let site = Site::of("eu-west-1", None).unwrap();
    let found = |arn| site.destination("eu-west-1", Some(arn));
    let instance = found("arn:aws:ec2:us-west-2:333333333333:instance/i-1").unwrap();
    assert_eq!(
        instance.url,
        "https://us-west-2.console.aws.amazon.com/ec2/home?region=us-west-2\
         #InstanceDetails:instanceId=i-1"
    );
    assert_eq!(instance.account.as_deref(), Some("333333333333"));
    assert_eq!(found("arn:aws:s3:::b").unwrap().account, None);
    for (arn, message) in [
        ("arn:aws-cn:s3:::b", "--service: the ARN is of another partition, aws-cn"),
        ("arn:aws:s3:::", "--service: `arn:aws:s3:::` is no ARN"),
        ("arn:aws", "--service: `arn:aws` is no ARN"),
        ("arn:aws:s3:::a\nb", "--service: `arn:aws:s3:::a\nb` is no ARN"),
        (
            "arn:aws:ec2:evil.example/:1:instance/i-1",
            "--service: `evil.example/` in the ARN is no region's name",
        ),
        ("arn:aws:nothing:::x", "--service: no service of the console is called `nothing`"),
    ] {
        let error = found(arn).unwrap_err();
        assert_eq!((error.message(), error.kind().exit_code()), (message, 2), "{arn}");
    }
}

#[test]
fn sign_in_addresses_encode_each_value() {
    let token = SecretString::from("a+b/c=&d");
    let sign_in = SignIn {
        endpoint: "https://eu-west-1.signin.aws.amazon.com",
        destination: "https://eu-west-1.console.aws.amazon.com/s3/home?region=eu-west-1#x",
    };
    let url = "https://eu-west-1.signin.aws.amazon.com/federation?Action=login&Issuer=rolecall\
               &Destination=https%3A%2F%2Feu-west-1.console.aws.amazon.com%2Fs3%2Fhome%3Fregion%3D\
               eu-west-1%23x&SigninToken=a%2Bb%2Fc%3D%26d";
    assert_eq!(sign_in.url(&token).expose_secret(), url);
    let logout = |id| sign_in.after_logout(id, &token).expose_secret().to_owned();
    let redirect = crate::text::percent_encoded(url);
    for (region, origin) in [
        ("eu-west-1", "https://us-east-1.signin.aws.amazon.com"),
        ("cn-north-1", "https://signin.amazonaws.cn"),
    ] {
        let hosts = Hosts::of(crate::aws::partition::of_region(region));
        assert_eq!(logout(hosts), format!("{origin}/oauth?Action=logout&redirect_uri={redirect}"));
    }
    assert!(logout(None).starts_with("https://eu-west-1.signin.aws.amazon.com/oauth?"));
}

#[test]
fn sign_in_host_has_the_region_unless_it_is_the_main_one() {
    for (region, expected) in [
        ("us-east-1", "https://signin.aws.amazon.com"),
        ("eu-west-1", "https://eu-west-1.signin.aws.amazon.com"),
        ("cn-north-1", "https://signin.amazonaws.cn"),
        ("cn-northwest-1", "https://cn-northwest-1.signin.amazonaws.cn"),
        ("us-gov-west-1", "https://signin.amazonaws-us-gov.com"),
        ("us-gov-east-1", "https://us-gov-east-1.signin.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "https://eusc-de-east-1.signin.amazonaws-eusc.eu"),
    ] {
        assert_eq!(Site::of(region, None).unwrap().hosts.sign_in_url(region), expected);
    }
}

#[test]
fn portal_opens_the_role_and_its_page() {
    for (start_url, destination, expected) in [
        (
            "https://corp.awsapps.com/start",
            None,
            "https://corp.awsapps.com/start/#/console?account_id=111111111111&role_name=Read%20It",
        ),
        (
            "https://corp.awsapps.com/start/#/",
            Some("https://console.aws.amazon.com/iam/home#/users"),
            "https://corp.awsapps.com/start/#/console?account_id=111111111111&role_name=Read%20It\
             &destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fiam%2Fhome%23%2Fusers",
        ),
        (
            "https://ssoins-1.portal.eu-west-1.app.aws",
            None,
            "https://ssoins-1.portal.eu-west-1.app.aws/#/console?account_id=111111111111\
             &role_name=Read%20It",
        ),
    ] {
        assert_eq!(portal_url(start_url, "111111111111", "Read It", destination), expected);
    }
}
