@disruption @critical
Feature: Disruption of the link
  Link, client and exchange fail in turn while tickets are written. Afterwards the client has
  every ticket, and each of them once.

  @DIS101
  Scenario: DIS101 The link is cut and restored
    Given an exchange without tickets
    And the collector is collecting
    When the link is cut
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And the collector has run into the cut
    And the link is restored
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS101 @nmc
  Scenario: DIS101 The link is cut in the middle of a file
    Given an exchange without tickets
    And the collector is collecting
    And the transfer of a file will be cut in the middle
    When 5 calls are made in one moment
    And the collector has run into the cut
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And the link is restored
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS101 @v24
  Scenario: DIS101 The link of the printer is cut and mended
    Given an exchange without tickets
    And the collector is collecting
    When the link is cut
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And lines are on their way
    And the link is mended while its connections live
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS101 @ohl
  Scenario: DIS101 The hotel link is cut and restored
    Given an exchange without tickets
    And the collector is collecting
    When the link is cut
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And the collector has run into the cut
    And the link is restored
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS101 @account
  Scenario: DIS101 The link is cut in the middle of an account file
    Given an exchange without tickets
    And the collector is collecting
    And the transfer of a file will be cut in the middle
    When 25 calls are made in one moment
    And the exchange closes its account file
    And the collector has run into the cut
    And 5 calls are made
    And the link is restored
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS101 @stream
  Scenario: DIS101 The connection of the stream is reset in the middle of a burst
    Given an exchange without tickets
    And the collector is collecting
    And the connection will be reset in the middle of a burst
    When 25 calls are made at the same instant, several of them alike
    And the collector has opened another session
    And 5 calls are made
    And the exchange closes its account file
    And the collector has fetched the account files
    Then the collector collects every ticket
    And what was under way is healed from the account files
    And every ticket is delivered once and unchanged

  @DIS102
  Scenario: DIS102 The power of the client fails in the middle of a batch
    Given an exchange without tickets
    And the collector is collecting
    And nothing will reach the exchange once tickets are offered
    When 15 calls are made
    And the collector is killed before its acknowledgement arrives
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS102 @nmc
  Scenario: DIS102 The power of the client fails in the middle of a file
    Given an exchange without tickets
    And the collector is collecting
    And the transfer of a file will be cut in the middle
    When 15 calls are made in one moment
    And the collector is killed in the middle of the transfer
    And 5 calls are made
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS102 @v24
  Scenario: DIS102 The power of the client fails between two lines
    Given an exchange without tickets
    And the collector is collecting
    When the collector is killed while no line is under way
    And 15 calls are made
    And an appointment is set for extension 106 at 07:00
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS102 @ohl
  Scenario: DIS102 The power of the client fails before its acknowledgement
    Given an exchange without tickets
    And the collector is collecting
    And nothing will reach the exchange once tickets are offered
    When 15 calls are made
    And the collector is killed before its acknowledgement arrives
    And 5 calls are made
    And an appointment is set for extension 106 at 07:00
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS102 @account
  Scenario: DIS102 The power of the client fails in the middle of an account file
    Given an exchange without tickets
    And the collector is collecting
    And the transfer of a file will be cut in the middle
    When 25 calls are made in one moment
    And the exchange closes its account file
    And the collector is killed in the middle of the transfer
    And 5 calls are made
    And the exchange closes its account file
    And the link is restored
    And the collector is started again
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged

  @DIS102 @stream
  Scenario: DIS102 The power of the client fails in the middle of a burst
    Given an exchange without tickets
    And the collector is collecting
    And the link will be cut in the middle of a burst
    When 25 calls are made at the same instant, several of them alike
    And the collector is killed in the middle of the burst
    And 5 calls are made
    And the link is restored
    And the collector is started again
    And the exchange closes its account file
    And the collector has fetched the account files
    Then the collector collects every ticket
    And what was under way is healed from the account files
    And every ticket is delivered once and unchanged

  @DIS104
  Scenario Outline: DIS104 Warm reset of the exchange
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When 15 calls wait and the exchange is reset
    And the collector tries to connect meanwhile
    And the exchange serves again
    Then the collector collects every ticket
    And the collector's log tells of the failure
    And every ticket is delivered once and unchanged

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | ohl      |

  @DIS104 @v24
  Scenario: DIS104 Warm reset of the exchange while its printer is away
    Given an exchange without tickets
    And the collector is collecting
    When the link breaks down, 15 calls wait and the exchange is reset
    And the collector tries to connect meanwhile
    And the exchange serves again
    Then the collector collects every ticket
    And the collector's log tells of the failure
    And every ticket is delivered once and unchanged

  @DIS104 @account
  Scenario: DIS104 Warm reset of the exchange with an open account file
    Given an exchange without tickets
    And the collector is collecting
    When 15 calls wait and the exchange is reset
    And the collector tries to connect meanwhile
    And the exchange serves again
    And the exchange closes its account file
    Then the collector collects every ticket
    And the collector's log tells of the failure
    And every ticket is delivered once and unchanged

  @DIS104 @stream
  Scenario: DIS104 Warm reset of the exchange while the client of the stream is away
    Given an exchange without tickets
    And the collector is collecting
    When the link breaks down, 15 calls wait and the exchange is reset
    And the collector tries to connect meanwhile
    And the exchange serves again
    Then the collector collects every ticket
    And the collector's log tells of the failure
    And every ticket is delivered once and unchanged
